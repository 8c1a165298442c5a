use relm_core::limits::BODY_CHARS_MAX;
use relm_core::{ActivityInput, Crm, Mode};
use relm_store_memory::MemoryStore;

use super::*;

async fn note(scoped: &Scoped, body: &str) {
    let input = ActivityInput {
        activity_type: "note".to_owned().into(),
        body: body.to_owned().into(),
        ..Default::default()
    };
    scoped.activities().create(input).await.unwrap();
}

#[tokio::test]
async fn a_follower_that_is_behind_keeps_little_at_once_and_misses_nothing() {
    let crm = Crm::new(MemoryStore::new());
    let acme = crm.create_workspace("acme").await.unwrap();
    let scoped = crm.open(acme.id, Mode::Live).await.unwrap();
    // Small ones let it read many at once; then come large ones, alone and mixed with small ones.
    let large = "ä".repeat(BODY_CHARS_MAX);
    let some = "x".repeat(BEHIND_BYTES / 3);
    for _ in 0..100 {
        note(&scoped, "x").await;
    }
    for _ in 0..30 {
        note(&scoped, &large).await;
        note(&scoped, &some).await;
        note(&scoped, "x").await;
    }
    let request = Request {
        after: Some(0),
        types: None,
    };
    let mut behind = Behind::new(&scoped, request).await.unwrap();
    let mut told = Vec::new();
    while behind.is_behind {
        let kept = behind.read(&scoped).await.unwrap();
        let frames: Vec<&str> = kept.split_inclusive("\n\n").collect();
        let bytes = kept.len();
        let lines = 100 * frames.len();
        assert!(
            frames.len() == 1 || bytes <= BEHIND_BYTES + lines,
            "{bytes} bytes"
        );
        let place = format!("id: {}\n", behind.position);
        assert!(frames.last().unwrap().starts_with(&place));
        told.extend(frames.into_iter().map(str::to_owned));
    }
    assert_eq!(behind.position, 190);
    for (n, frame) in (1..=190).zip(&told) {
        assert!(frame.starts_with(&format!("id: {n}\n")));
    }
    assert_eq!(told.len(), 190);
}
