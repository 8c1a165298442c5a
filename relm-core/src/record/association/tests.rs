//! Keys of edges.

use super::*;

fn key(label: &str) -> String {
    let (from_id, to_id) = (Id::new(Kind::Contact, 1), Id::new(Kind::Company, 2));
    let id = Id::new(Kind::Association, 3);
    let input = AssociationInput::new(from_id, to_id);
    let edge = Association::link(id, Mode::Live, id.timestamp(), input).unwrap();
    let label = Some(label.to_owned());
    Association { label, ..edge }.edge_key()
}

#[test]
fn a_label_that_grows_as_it_is_composed_has_a_key_that_fits() {
    let places = 70 + LABEL_CHARS_MAX;
    // Two characters each as they are composed.
    let (written, composed) = ("\u{9df}", "\u{9af}\u{9bc}");
    let at_most = LABEL_CHARS_MAX / 2;
    for (times, is_verbatim) in [
        (1, true),
        (at_most, true),
        (at_most + 1, false),
        (LABEL_CHARS_MAX, false),
    ] {
        let key_of = key(&written.repeat(times));
        assert!(key_of.chars().count() <= places, "{key_of}");
        assert_eq!(key_of, key(&composed.repeat(times)));
        assert_eq!(key_of.ends_with(&composed.repeat(times)), is_verbatim);
        assert_ne!(key_of, key(&written.repeat(times - 1)));
    }
    let (long, other) = (
        written.repeat(LABEL_CHARS_MAX),
        "\u{958}".repeat(LABEL_CHARS_MAX),
    );
    assert_ne!(key(&long), key(&other));
    let longest = key(&"x".repeat(LABEL_CHARS_MAX));
    assert!(longest.chars().count() <= places);
}
