//! What is said of a form in whose midst something fails.

use std::sync::Arc;

use relm_core::Role;

use super::browser::World;
use super::fragile::Fragile;

#[test]
fn a_panic_in_the_midst_of_a_form_says_that_it_may_have_been_done() {
    for is_applied in [true, false] {
        let store = Arc::new(Fragile::default());
        let world = World::over(store.clone(), None);
        let mut browser = world.signed_in("eva@example.com", Role::Editor);
        let page = browser.get(&format!("{}/new", world.keys()));
        let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
        store.break_commits(is_applied);
        let failed = browser.post(
            &world.keys(),
            &[
                ("csrf", &token),
                ("nonce", &nonce),
                ("name", "nightly import"),
                ("access", "full"),
                ("expires", "90"),
            ],
        );
        store.mend();
        assert_eq!(failed.status, 503, "{}", failed.text);
        let says =
            "it may have been done, or not at all. See what became of it before you send it again.";
        assert!(failed.text.contains(says), "{}", failed.text);
        assert!(!failed.text.contains("Nothing was changed"));
        let list = browser.get(&world.keys());
        assert_eq!(list.text.contains("nightly import"), is_applied);
    }
}
