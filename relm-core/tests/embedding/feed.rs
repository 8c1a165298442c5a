//! The feed in process: from a number on, and then whatever is committed.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use relm_core::engine::{FOLLOW_POLL, Sleeper};
use relm_core::limits::{BODY_CHARS_MAX, PAGE_BYTES_MAX, PAGE_LIMIT_MAX};

use super::*;

/// Counts how often it is to wait for other processes, which it does for ever.
#[derive(Default)]
struct Waiting(AtomicUsize);

#[async_trait::async_trait]
impl Sleeper for Waiting {
    async fn sleep(&self, duration: Duration) {
        if duration >= FOLLOW_POLL {
            self.0.fetch_add(1, Ordering::SeqCst);
            pending().await
        }
    }
}

#[test]
fn a_follower_is_woken_by_a_commit() -> Result<()> {
    let live = pollster::block_on(live())?;
    let waiting = Arc::new(Waiting::default());
    let follower = {
        let (live, waiting) = (live.clone(), Arc::clone(&waiting));
        std::thread::spawn(move || {
            pollster::block_on(async {
                let mut feed = live.events().after(0).follow(waiting);
                let mut seen = Vec::new();
                while seen.len() < 3 {
                    let logged = feed.try_next().await?.expect("a feed has no end");
                    seen.push((logged.seq, logged.event.event_type.to_string()));
                }
                Ok::<_, Error>(seen)
            })
        })
    };
    for round in 0..3 {
        while waiting.0.load(Ordering::SeqCst) <= round {
            std::thread::yield_now();
        }
        let input = person(&format!("{round}@x.org"), Plan::Pro, 5)?;
        pollster::block_on(live.contacts().create(input))?;
    }
    let seen = follower.join().unwrap()?;
    let expected = (1..=3).map(|seq| (seq, "contact.created".to_owned()));
    assert_eq!(seen, expected.collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_feed_is_read_as_types_and_as_json() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        assert_eq!(live.events().latest().await?, 0);
        three(&live).await?;
        let page = live.events().after(1).limit(1).await?;
        let contact: Contact = page.data[0].event.data.decode()?;
        assert_eq!(contact.email.as_deref(), Some("b@x.org"));
        assert_eq!((page.next_after, page.has_more), (2, true));
        let json: Value =
            serde_json::from_str(&live.events().after(2).documents().await?.to_json())
                .expect("it is JSON");
        assert_eq!(
            (&json["data"][0]["seq"], &json["next_after"]),
            (&json!(3), &json!(3))
        );
        let listed = live
            .events()
            .list(&ListRequest::default())
            .documents()
            .await?;
        let listed: Vec<Value> = listed.data.iter().map(|it| it.decode().unwrap()).collect();
        let seqs: Vec<&Value> = listed.iter().map(|event| &event["seq"]).collect();
        assert_eq!(seqs, [&json!(3), &json!(2), &json!(1)]);
        assert_eq!(live.events().latest().await?, 3);
        Ok(())
    })
}

#[test]
fn a_feed_that_finds_nothing_lets_others_go_on() -> Result<()> {
    let live = pollster::block_on(live())?;
    for _ in 0..3 {
        let rows = (0..500).map(|_| ContactInput {
            first_name: "Ada".into(),
            ..Default::default()
        });
        let batch = BatchInput {
            rows: rows.collect(),
            ..Default::default()
        };
        pollster::block_on(live.contacts().batch(batch))?;
    }
    let waiting = Arc::new(Waiting::default());
    let sleeper = Arc::clone(&waiting) as Arc<dyn Sleeper>;
    let none = Filter::new("type", "eq", "deal.deleted");
    let mut feed = live.events().after(0).filter(none).follow(sleeper);
    let mut polls = 0;
    while waiting.0.load(Ordering::SeqCst) == 0 {
        assert!(
            feed.next().now_or_never().is_none(),
            "there is no such event"
        );
        polls += 1;
    }
    // The memory store is never waited for.
    assert!(polls >= 1_500 / PAGE_LIMIT_MAX, "{polls} pauses");
    Ok(())
}

#[test]
fn a_filtered_page_looks_at_a_bounded_number_of_bytes() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let body = "ä".repeat(BODY_CHARS_MAX);
        let count = 3 * PAGE_BYTES_MAX / body.len();
        for _ in 0..count {
            let note = ActivityInput {
                activity_type: "note".to_owned().into(),
                body: body.clone().into(),
                ..Default::default()
            };
            live.activities().create(note).await?;
        }
        let none = Filter::new("type", "eq", "deal.deleted");
        let page = live.events().after(0).filter(none).await?;
        assert!(page.data.is_empty() && page.has_more);
        let looked_at = usize::try_from(page.next_after).unwrap() * body.len();
        assert!(looked_at <= 2 * PAGE_BYTES_MAX, "{looked_at} bytes");
        Ok(())
    })
}
