use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::limits::CONTACT_LABEL_CHARS_MAX;
use crate::record::patch::Patch;

/// A few addresses, some of which are one in another spelling.
fn address() -> impl Strategy<Value = String> {
    prop_oneof!["[a-d]", "[A-D]"].prop_map(|local| format!("{local}@x.example"))
}

fn one() -> impl Strategy<Value = Patch<String>> {
    prop_oneof![
        Just(Patch::Keep),
        Just(Patch::Clear),
        address().prop_map(Patch::Set)
    ]
}

fn many() -> impl Strategy<Value = Patch<Vec<EmailAddress>>> {
    let entry = (address(), of("[a-b]"));
    let entry = entry.prop_map(|(text, label)| EmailAddress::of(text, label));
    prop_oneof![
        2 => Just(Patch::Keep),
        1 => Just(Patch::Clear),
        3 => vec(entry, 0..5).prop_map(Patch::Set)
    ]
}

/// What a state is compared by: the primary address, and all.
fn keys((primary, all): &(Option<String>, Vec<EmailAddress>)) -> (Option<String>, Vec<String>) {
    let key = |text: &str| text.to_lowercase();
    let all = all.iter().map(|it| key(&it.email));
    (primary.as_deref().map(key), all.collect())
}

/// What a change comes to, by the words of the documentation.
fn expected(
    (primary, all): (Option<String>, Vec<String>),
    one: &Patch<String>,
    many: &Patch<Vec<EmailAddress>>,
) -> (Option<String>, Vec<String>) {
    let (listed, is_said) = match many {
        Patch::Keep => (all, false),
        Patch::Clear => (Vec::new(), true),
        Patch::Set(given) => {
            let mut listed: Vec<String> = Vec::new();
            for entry in given {
                let key = entry.email.to_lowercase();
                if !listed.contains(&key) {
                    listed.push(key);
                }
            }
            (listed, true)
        }
    };
    match one {
        Patch::Keep if is_said => (listed.first().cloned(), listed),
        Patch::Keep => (primary, listed),
        Patch::Clear if is_said => (None, listed),
        Patch::Clear => {
            let rest = listed
                .into_iter()
                .filter(|key| Some(key) != primary.as_ref());
            (None, rest.collect())
        }
        Patch::Set(text) => {
            let key = text.to_lowercase();
            let former = primary.filter(|_| !is_said);
            let rest = listed.into_iter();
            let rest = rest.filter(|it| *it != key && Some(it) != former.as_ref());
            let all = std::iter::once(key.clone()).chain(rest).collect();
            (Some(key), all)
        }
    }
}

proptest! {
    #[test]
    fn a_change_comes_to_what_it_says_and_to_nothing_more(
        changes in vec((one(), many()), 1..6),
    ) {
        let mut state = (None, Vec::new());
        for (one, many) in changes {
            let expected = expected(keys(&state), &one, &many);
            change((&mut state.0, &mut state.1), one.clone(), many.clone()).unwrap();
            prop_assert_eq!(keys(&state), expected);
            if let Some(primary) = &state.0 {
                prop_assert_eq!(&state.1[0].email, primary);
            }
            let before = state.clone();
            if one.as_set().is_some() || many.as_set().is_some() {
                change((&mut state.0, &mut state.1), one, many).unwrap();
                prop_assert_eq!(&state, &before);
            }
        }
    }
}

#[test]
fn one_from_before_there_was_a_list_is_in_it_once_the_contact_changes() {
    let known = || (Some("Ada@x.example".to_owned()), Vec::<EmailAddress>::new());
    let (mut primary, mut all) = known();
    let same = Patch::Set("ada@x.example".to_owned());
    change((&mut primary, &mut all), same, Patch::Keep).unwrap();
    let given = Patch::Set(vec!["ADA@x.example".into()]);
    change((&mut primary, &mut all), Patch::Keep, given).unwrap();
    assert_eq!((primary, all), known(), "nothing was changed");
    let (mut primary, mut all) = known();
    let more = vec!["ada@x.example".into(), EmailAddress::new("a@home.example")];
    change((&mut primary, &mut all), Patch::Keep, Patch::Set(more)).unwrap();
    assert_eq!(primary, known().0);
    let texts: Vec<&str> = all.iter().map(|it| it.email.as_str()).collect();
    assert_eq!(texts, ["Ada@x.example", "a@home.example"]);
    let (primary, mut all) = known();
    fill(primary.as_deref(), &mut all);
    assert_eq!(all, [EmailAddress::new("Ada@x.example")]);
}

#[test]
fn a_label_is_kept_and_a_number_is_as_it_was_written_last() {
    let mut state = (None, Vec::new());
    let work = PhoneNumber::new("+1 (415) 555-0132").labelled("work");
    change(
        (&mut state.0, &mut state.1),
        Patch::Keep,
        Patch::Set(vec![work]),
    )
    .unwrap();
    let same = Patch::Set("0014155550132".to_owned());
    change((&mut state.0, &mut state.1), same, Patch::Keep).unwrap();
    assert_eq!(
        state.1,
        [PhoneNumber::new("0014155550132").labelled("work")]
    );
}

#[test]
fn a_contact_has_so_many() {
    let all = |count: usize| (0..count).map(|n| EmailAddress::new(format!("a{n}@x.example")));
    let set = |count: usize, one: Patch<String>| {
        let mut state = (None, Vec::new());
        let many = Patch::Set(all(count).collect());
        change((&mut state.0, &mut state.1), one, many).map(|()| state.1.len())
    };
    assert_eq!(
        set(CONTACT_EMAILS_MAX, Patch::Keep).unwrap(),
        CONTACT_EMAILS_MAX
    );
    for (count, one) in [
        (CONTACT_EMAILS_MAX + 1, Patch::Keep),
        (CONTACT_EMAILS_MAX, "new@x.example".into()),
    ] {
        assert_eq!(set(count, one).unwrap_err().field(), Some("emails"));
    }
    let label = "x".repeat(CONTACT_LABEL_CHARS_MAX + 1);
    let given = vec![
        "a@x.example".into(),
        EmailAddress::new("b@x.example").labelled(label),
    ];
    let mut state = (None, Vec::new());
    let refused = change((&mut state.0, &mut state.1), Patch::Keep, Patch::Set(given));
    assert_eq!(refused.unwrap_err().field(), Some("emails[1].label"));
}
