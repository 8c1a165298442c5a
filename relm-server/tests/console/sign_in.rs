//! Signing in: by the first link, by a password, and not by guessing.

use relm_core::Role;

use super::browser::{Browser, ORIGIN, PASSWORD, World};

const EVA: &str = "eva@example.com";

#[test]
fn the_first_link_sets_a_password_once() {
    let world = World::new();
    let link = world.first_link();
    let mut browser = Browser::new(&world);
    for _ in 0..2 {
        let page = browser.get(&link);
        assert_eq!(page.status, 200);
        assert!(page.text.contains("first owner") && page.text.contains("name=\"email\""));
    }
    for (email, password, again, field) in [
        (EVA, "short", "short", "password-hint"),
        (EVA, PASSWORD, "another one than that", "again-error"),
        ("eva", PASSWORD, PASSWORD, "email-error"),
        ("", PASSWORD, PASSWORD, "email-error"),
    ] {
        let fields = [("email", email), ("password", password), ("again", again)];
        let page = browser.post(&link, &fields);
        assert_eq!(page.status, 422, "{email} {password}");
        assert!(
            page.text
                .contains(&format!("class=\"error\" id=\"{field}\""))
        );
        assert!(!page.text.contains(PASSWORD));
    }
    let fields = [
        ("email", EVA),
        ("name", "Eva"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let page = browser.post(&link, &fields);
    assert_eq!((page.status, page.location()), (303, "/console"));
    assert!(browser.get("/console/account").text.contains("Eva"));

    let mut other = Browser::new(&world);
    assert_eq!(other.get(&link).status, 404, "it was used");
    assert_eq!(other.post(&link, &fields).status, 404);
    assert_eq!(other.cookie, None);
    assert_eq!(
        other.get(&format!("{}x", &link[..link.len() - 1])).status,
        404
    );
    assert_eq!(other.get("/console/link/usr_x/y").status, 404);
}

#[test]
fn a_link_ends_after_a_day() {
    let world = World::new();
    let link = world.first_link();
    world.clock.advance_millis(24 * 60 * 60 * 1000 - 1);
    assert_eq!(Browser::new(&world).get(&link).status, 200);
    world.clock.advance_millis(1);
    let page = Browser::new(&world).get(&link);
    assert_eq!(page.status, 404);
    assert!(page.text.contains("admin reset"));
}

#[test]
fn whoever_asks_for_a_page_signs_in_and_is_led_there() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    let mut browser = Browser::new(&world);
    let asked = format!("{}?cursor=a", world.keys());
    let led = browser.get(&asked);
    assert_eq!(led.status, 303);
    let form = led.location().to_owned();
    assert!(form.starts_with("/console/sign-in?next="), "{form}");
    let page = browser.get(&form);
    assert_eq!(page.status, 200);
    let next = page.hidden("next");
    assert_eq!(next, asked);
    let fields = [
        ("email", " EVA@Example.com "),
        ("password", PASSWORD),
        ("next", &next),
    ];
    let page = browser.post("/console/sign-in", &fields);
    assert_eq!((page.status, page.location()), (303, asked.as_str()));
    // There is nothing to sign in to again.
    assert_eq!(browser.get("/console/sign-in").location(), "/console");
}

#[test]
fn nobody_is_led_off_the_console() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console\\@evil.example",
        "/consoleevil",
        "javascript:alert(1)",
        "/v1/contacts",
    ] {
        let mut browser = Browser::new(&world);
        let fields = [("email", EVA), ("password", PASSWORD), ("next", next)];
        let page = browser.post("/console/sign-in", &fields);
        assert_eq!((page.status, page.location()), (303, "/console"), "{next}");
        let asked = format!(
            "/console/sign-in?{}",
            super::browser::encoded(&[("next", next)])
        );
        assert_eq!(Browser::new(&world).get(&asked).hidden("next"), "/console");
        assert_eq!(browser.get(&asked).location(), "/console");
    }
    let moved = Browser::new(&world).get("/console//evil.example/");
    assert_eq!(
        (moved.status, moved.location()),
        (308, "/console//evil.example")
    );
}

#[test]
fn a_wrong_password_and_a_wrong_address_are_answered_alike() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    let mut answers = Vec::new();
    for (email, password) in [
        (EVA, "wrong"),
        ("ada@example.com", PASSWORD),
        (EVA, ""),
        (EVA, &"x".repeat(2_000)),
    ] {
        let mut browser = Browser::new(&world);
        let page = browser.sign_in(email, password);
        assert_eq!((page.status, &browser.cookie), (403, &None));
        answers.push(page.text.replace(email, ""));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn guessing_takes_longer_with_each_guess() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    let mut browser = Browser::new(&world);
    for _ in 0..5 {
        assert_eq!(browser.sign_in(EVA, "wrong").status, 403);
    }
    let page = browser.sign_in("EVA@example.com", PASSWORD);
    assert_eq!((page.status, page.header("retry-after")), (429, "1"));
    assert!(page.text.contains("Try again in 1 seconds"));
    assert_eq!(
        Browser::new(&world).sign_in("ada@example.com", "x").status,
        403
    );
    world.clock.step_millis(60 * 60 * 1000);
    assert_eq!(
        browser.sign_in(EVA, PASSWORD).status,
        429,
        "the clock was set"
    );
    world.clock.advance_millis(1_000);
    assert_eq!(browser.sign_in(EVA, "wrong").status, 403);
    assert_eq!(browser.sign_in(EVA, PASSWORD).header("retry-after"), "2");
    world.clock.advance_millis(2_000);
    assert_eq!(browser.sign_in(EVA, PASSWORD).status, 303);
    for _ in 0..5 {
        assert_eq!(browser.sign_in(EVA, "wrong").status, 403, "a clean slate");
    }
}

#[test]
fn strangers_who_guess_do_not_keep_a_person_out() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    world.person("ada@example.com", Role::Reader);
    let mut known = Browser::new(&world);
    assert_eq!(known.sign_in(EVA, PASSWORD).status, 303);
    known.cookie = None;
    for _ in 0..5 {
        assert_eq!(Browser::new(&world).sign_in(EVA, "wrong").status, 403);
    }
    // Another browser waits, with the right password too, and so does one that makes up its proof or shows that of another.
    let mut stranger = Browser::new(&world);
    assert_eq!(stranger.sign_in(EVA, PASSWORD).status, 429);
    let shown = known.device.clone().unwrap();
    let (name, token) = shown.split_once('=').unwrap();
    let forged = |token: String| Some(format!("{name}={token}"));
    for device in [
        forged("0".repeat(token.len())),
        forged(format!("{}{}", "0".repeat(32), &token[32..])),
        forged(token[1..].to_owned()),
        forged(format!("{token}0")),
    ] {
        stranger.device = device;
        assert_eq!(stranger.sign_in(EVA, PASSWORD).status, 429);
    }
    let mut other = Browser::new(&world);
    assert_eq!(other.sign_in("ada@example.com", PASSWORD).status, 303);
    other.cookie = None;
    assert_eq!(other.sign_in(EVA, PASSWORD).status, 429);
    // The person goes on, and waits for mistakes of the own browser alone.
    assert_eq!(known.sign_in(EVA, PASSWORD).status, 303);
    for _ in 0..5 {
        assert_eq!(known.sign_in(EVA, "wrong").status, 403);
    }
    assert_eq!(known.sign_in(EVA, PASSWORD).status, 429);
    assert_eq!(
        stranger.sign_in(EVA, PASSWORD).status,
        429,
        "it still waits"
    );
}

#[test]
fn an_address_with_a_character_that_none_has_is_wrong() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    let page = Browser::new(&world).sign_in("eva\0@example.com", PASSWORD);
    assert_eq!(page.status, 403, "{}", page.text);
}

#[test]
fn a_link_is_by_https_where_the_browser_or_the_proxy_says_so() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let token = browser.get("/console/users").hidden("csrf");
    let url_by = |browser: &mut Browser<'_>, email: &str, headers: &[(&str, &str)]| {
        let fields = [("csrf", &*token), ("email", email), ("role", "reader")];
        let page = browser.send(
            "POST",
            "/console/users",
            headers,
            &super::browser::encoded(&fields),
        );
        let scheme = page
            .text
            .split("://crm.example.com:8080/console/link/")
            .next()
            .unwrap();
        scheme
            .rsplit(|c: char| !c.is_ascii_lowercase())
            .next()
            .unwrap()
            .to_owned()
    };
    for (email, headers, scheme) in [
        ("a@example.com", vec![("origin", ORIGIN)], "http"),
        (
            "b@example.com",
            vec![("origin", "https://crm.example.com:8080")],
            "https",
        ),
        (
            "c@example.com",
            vec![("origin", ORIGIN), ("x-forwarded-proto", "https")],
            "https",
        ),
    ] {
        assert_eq!(url_by(&mut browser, email, &headers), scheme, "{headers:?}");
    }
}

#[test]
fn a_cookie_is_kept_from_scripts_other_sites_and_http() {
    let plain = World::new();
    plain.person(EVA, Role::Owner);
    let page = Browser::new(&plain).sign_in(EVA, PASSWORD);
    let (pair, rest) = page.session_cookie().split_once(';').unwrap();
    let token = pair.strip_prefix("relm_session=").unwrap();
    assert!(token.len() >= 43 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(rest, " Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");

    let secure = World::reached_at("https://crm.example.com");
    let mut browser = Browser::new(&secure);
    let link = secure.first_link();
    let fields =
        "email=eva%40example.com&password=correct+horse+battery&again=correct+horse+battery";
    let https = [
        ("origin", "https://crm.example.com"),
        ("sec-fetch-site", "same-origin"),
    ];
    let page = browser.send("POST", &link, &https, fields);
    assert_eq!(page.status, 303, "{}", page.text);
    let set = page.session_cookie();
    assert!(set.starts_with("__Host-relm_session="), "{set}");
    assert!(set.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure"));
    assert_eq!(browser.get("/console/account").status, 200);
    // A cookie that another host of the domain could have set counts for nothing.
    let kept = browser.cookie.clone().unwrap();
    browser.cookie = Some(kept.replace("__Host-", ""));
    assert_eq!(browser.get("/console/account").status, 303);
    // Behind a proxy that nobody told of, the browser says how it came.
    let mut proxied = Browser::new(&plain);
    let origin = [("origin", "https://crm.example.com:8080")];
    let body = "email=eva%40example.com&password=correct+horse+battery";
    let page = proxied.send("POST", "/console/sign-in", &origin, body);
    assert!(page.session_cookie().ends_with("; Secure"));
    assert_eq!(proxied.get("/console/account").status, 200);
    assert_ne!(ORIGIN, origin[0].1);
}

#[test]
fn a_link_from_another_site_arrives() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let kept = browser.cookie.take();
    let from_elsewhere = [("sec-fetch-site", "cross-site")];
    let page = browser.send("GET", &world.keys(), &from_elsewhere, "");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("http-equiv=\"refresh\"") && page.text.contains(&world.keys()));
    browser.cookie = kept;
    assert_eq!(browser.get(&world.keys()).status, 200);
    // Whoever is signed in and says so is shown the page at once.
    assert!(
        browser
            .send("GET", &world.keys(), &from_elsewhere, "")
            .text
            .contains("API keys")
    );
}
