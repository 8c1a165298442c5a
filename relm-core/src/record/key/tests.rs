//! What a key looks like, what it opens, and what is shown of it.

use serde_json::json;

use super::*;
use crate::value::id::Kind;
use crate::value::time::SeededRng;

/// A key that anybody can compute: zeros and their checksum.
const ZEROS: &str = "sk_live_0000000000000000000000000000000000000000000qa02D1";
const ZEROS_DIGEST: &str = "8988162f0ec4bed3d0c506082ce1467ed4b71bf843449fbeab970fc471e13ecf";

fn scope(mode: Mode) -> Scope {
    Scope::new(Id::new(Kind::Workspace, 7), mode)
}

fn made(mode: Mode, rng: &dyn Rng) -> NewKey {
    let (id, now) = (Id::new(Kind::Key, 1), Timestamp::from_millis(5));
    let name = Some("CI".to_owned());
    ApiKey::make(id, scope(mode), KeyAccess::ReadOnly, name, now, rng).unwrap()
}

#[test]
fn a_key_is_its_mode_and_43_symbols_and_a_checksum() {
    for (mode, start) in [(Mode::Live, "sk_live_"), (Mode::Test, "sk_test_")] {
        let NewKey { key, secret } = made(mode, &SeededRng::new(3));
        let rest = secret.strip_prefix(start).unwrap();
        assert!(rest.len() == 49 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(key.prefix, secret[..start.len() + 4]);
        assert_eq!(key.last_four, secret[secret.len() - 4..]);
        assert_eq!(key.digest, hex(&digest(&secret)));
        assert!(is_well_formed(&secret) && may_exist(&secret));
    }
}

#[test]
fn a_key_opens_its_scope_until_it_is_revoked() {
    let mut key = made(Mode::Test, &SeededRng::new(3)).key;
    let actor = Actor::new(ActorType::ApiKey, Some(key.id.text()), key.name.clone());
    let principal = Principal {
        key_id: key.id,
        scope: scope(Mode::Test),
        access: KeyAccess::ReadOnly,
        scopes: KeyScopes::READ_ONLY,
        expires_at: None,
        actor: Arc::new(actor.unwrap()),
    };
    let now = Timestamp::from_millis(6);
    assert_eq!(key.principal(now), Some(principal));
    key.expires_at = Some(Timestamp::from_millis(7));
    assert!(key.principal(now).is_some());
    key.expires_at = Some(now);
    assert_eq!(key.principal(now), None);
    key.expires_at = None;
    key.revoked_at = Some(now);
    assert_eq!(key.principal(now), None);
}

#[test]
fn a_log_names_a_key_and_tells_neither_its_text_nor_its_digest() {
    let made = made(Mode::Live, &SeededRng::new(3));
    for text in [format!("{:?}", made.key), format!("{made:?}")] {
        assert!(text.contains(&made.key.prefix) && text.contains(&made.key.id.to_string()));
        assert!(!text.contains(&made.secret) && !text.contains(&made.key.digest));
    }
}

#[test]
fn access_is_named_as_its_json_is() {
    for access in KeyAccess::ALL {
        assert_eq!(serde_json::json!(access), access.as_str());
    }
}

#[test]
fn checksum_and_digest_are_those_of_other_programs() {
    let (checked, sum) = ZEROS.split_at(ZEROS.len() - CHECKSUM_CHARS);
    assert_eq!(checksum(checked), sum.as_bytes());
    assert_eq!(hex(&digest(ZEROS)), ZEROS_DIGEST);
}

#[test]
fn a_text_has_the_form_of_a_key_or_not() {
    let symbols = "aZ9".repeat(20);
    for length in [0, 1, 42, 43, 44, 48, 49, 50, 60] {
        let text = format!("sk_test_{}", &symbols[..length]);
        assert_eq!(
            is_well_formed(&text),
            [43, 49].contains(&length),
            "{length}"
        );
    }
    for text in [
        "",
        &symbols[..43],
        &symbols[..49],
        &format!("sk_prod_{}", &symbols[..43]),
        &format!("sk_live_{}_", &symbols[..42]),
        &format!("sk_live_{}é", &symbols[..41]),
    ] {
        assert!(!is_well_formed(text), "{text}");
    }
}

#[test]
fn a_key_with_a_wrong_checksum_was_never_made() {
    assert!(may_exist(ZEROS));
    for at in 0..ZEROS.len() {
        let mut altered = ZEROS.to_owned();
        let other = if &ZEROS[at..=at] == "x" { "y" } else { "x" };
        altered.replace_range(at..=at, other);
        assert!(!may_exist(&altered), "{altered}");
    }
    // One from before there was a checksum may be a key, and what is too short to have one is none.
    assert!(may_exist(&ZEROS[..ZEROS.len() - CHECKSUM_CHARS]));
    for text in ["", "12345", "é12345"] {
        assert!(!may_exist(text), "{text}");
    }
}

/// One byte of two is beyond those that can be drawn evenly; the others count down from the last that can.
struct HalfBeyond(std::sync::atomic::AtomicU8);

impl Rng for HalfBeyond {
    fn fill(&self, buffer: &mut [u8]) {
        for pair in buffer.chunks_mut(2) {
            let even = self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            pair.copy_from_slice(&[248, even]);
        }
    }
}

#[test]
fn bytes_that_would_favour_some_symbols_are_drawn_again() {
    let drawn = random_text(&HalfBeyond(247.into()));
    assert_eq!(drawn, "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJ");
}

#[test]
fn a_scope_is_read_as_it_is_written() {
    for scope in KeyScope::all() {
        assert_eq!(scope.to_string().parse(), Ok(scope));
    }
    for text in [
        "contacts",
        "contacts:",
        ":read",
        "search:write",
        "*:*",
        "Deals:read",
    ] {
        assert!(text.parse::<KeyScope>().is_err(), "{text}");
    }
}

#[test]
fn scopes_cover_what_they_name_and_a_star_covers_its_action() {
    let parse = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        KeyScopes::parse(&texts).unwrap()
    };
    let one = |text: &str| text.parse::<KeyScope>().unwrap();
    let writer = parse(&["deals:write"]);
    assert!(writer.cover(one("deals:write")));
    assert!(!writer.cover(one("deals:read")) && !writer.cover(one("contacts:write")));
    assert!(KeyScope::all().all(|scope| KeyScopes::FULL.cover(scope)));
    let reads = |scope: &KeyScope| scope.to_string().ends_with(":read");
    assert!(KeyScope::all().all(|scope| KeyScopes::READ_ONLY.cover(scope) == reads(&scope)));
    assert_eq!(
        KeyScopes::READ_ONLY.first_beyond(writer),
        Some(one("deals:write"))
    );
    assert_eq!(writer.first_beyond(KeyScopes::FULL), Some(one("*:read")));
    assert_eq!(KeyScopes::FULL.first_beyond(writer), None);
    // To read each thing is less than to read everything, of which a later release has more.
    let each = KeyScope::all().filter(|scope| reads(scope) && *scope != one("*:read"));
    let each = each.fold(KeyScopes::default(), KeyScopes::and);
    assert_eq!(each.first_beyond(KeyScopes::READ_ONLY), Some(one("*:read")));
}

#[test]
fn a_key_from_before_there_were_scopes_reads_as_it_was() {
    for (access, scopes) in [
        (KeyAccess::Full, KeyScopes::FULL),
        (KeyAccess::ReadOnly, KeyScopes::READ_ONLY),
    ] {
        let mut key = made(Mode::Live, &SeededRng::new(3)).key;
        key.access = access;
        let mut json = serde_json::to_value(&key).unwrap();
        let members = json.as_object_mut().unwrap();
        members.remove("expires_at").unwrap();
        members.remove("created_by").unwrap();
        let read: ApiKey = serde_json::from_value(json).unwrap();
        assert!(read == key && read.scopes() == scopes);
    }
}

#[test]
fn a_key_that_may_do_everything_or_only_read_is_kept_in_a_word() {
    let deals = KeyScopes::parse(&["deals:write".to_owned()]).unwrap();
    for (scopes, access, restricted_to) in [
        (KeyScopes::FULL, "full", None),
        (KeyScopes::READ_ONLY, "read_only", None),
        (deals, "restricted", Some(json!(["deals:write"]))),
    ] {
        let key = made(Mode::Live, &SeededRng::new(3)).key;
        let key = key.restricted(scopes, None, Actor::EMBEDDER);
        let json = serde_json::to_value(&key).unwrap();
        assert_eq!(json["access"], access);
        assert_eq!(json.get("restricted_to"), restricted_to.as_ref());
        let read: ApiKey = serde_json::from_value(json).unwrap();
        assert!(read == key && read.scopes() == scopes);
    }
}

#[test]
fn a_scope_in_the_notation_of_another_api_is_suggested_in_ours() {
    for (text, meant) in [
        ("contacts.read", "contacts:read"),
        ("write:contact", "contacts:write"),
        ("crm.deals.write", "deals:write"),
        ("read:all", "*:read"),
    ] {
        let refusal = KeyScopes::parse(&[text.to_owned()]).unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
        assert_eq!(refusal.suggestion(), Some(meant), "{text}");
    }
}

#[test]
fn a_text_that_is_shorter_or_longer_than_a_key_is_not_looked_for() {
    let before_checksums = &ZEROS[..ZEROS.len() - 6];
    assert!(has_length_of_key(ZEROS) && has_length_of_key(before_checksums));
    let longer = format!("{ZEROS}0");
    for text in ["", "sk_live_", &ZEROS[1..], &longer, &longer.repeat(100)] {
        assert!(!has_length_of_key(text), "{text}");
    }
}
