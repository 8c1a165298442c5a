//! Changes, what they are refused with, and the events that tell of them.

use super::*;

#[test]
fn an_endpoint_is_subscribed_with_a_secret_that_debug_does_not_show() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let input = WebhookInput {
            url: "https://example.com/hook".into(),
            event_types: vec!["contact.created".to_owned()].into(),
            ..Default::default()
        };
        let webhook = live.webhooks().subscribe(input).await?;
        assert!(webhook.secret.expose().starts_with("whsec_"));
        assert!(!format!("{webhook:?}").contains("whsec_"));
        let secrets = live.webhooks().secrets(webhook.id).await?;
        assert_eq!(secrets, Some(vec![webhook.secret.clone()]));
        let rotated = live
            .webhooks()
            .rotate_secret(webhook.id, RotateInput::default())
            .await?;
        assert_ne!(rotated.secret, webhook.secret);
        assert!(rotated.previous_secret_expires_at.is_some());
        let listed = live.webhooks().list(&ListRequest::default()).await?;
        assert_eq!(listed.data[0].id, webhook.id);
        let listed = live
            .webhooks()
            .list(&ListRequest::default())
            .documents()
            .await?;
        assert!(!listed.data[0].json.contains("whsec_"));
        Ok(())
    })
}

#[test]
fn an_idempotency_key_is_held_to_what_is_asked_for() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let input = person("a@x.org", Plan::Pro, 5)?;
        let once = live.clone().idempotent("sign-up", &input)?;
        let ada = once.contacts().create(input.clone()).await?;
        assert_eq!(once.contacts().create(input.clone()).await?, ada);
        // The same members in another order are the same request.
        let mut members: Vec<(String, Value)> =
            serde_json::from_value::<serde_json::Map<_, _>>(json!(input))
                .unwrap()
                .into_iter()
                .collect();
        members.reverse();
        let reordered = std::collections::HashMap::<String, Value>::from_iter(members);
        let again = live.clone().idempotent("sign-up", &reordered)?;
        assert_eq!(again.contacts().create(input).await?, ada);
        let other = person("b@x.org", Plan::Pro, 5)?;
        let twice = live.idempotent("sign-up", &other)?;
        let refused = twice.contacts().create(other).await;
        assert_eq!(
            refused.map_err(|e| e.kind()),
            Err(ErrorKind::IdempotencyConflict)
        );
        Ok(())
    })
}

#[test]
fn an_error_is_passed_on_and_told_by_its_kind() {
    async fn find(live: &Scoped, id: &str) -> Result<Contact> {
        let contact = live.contacts().get(id.parse()?).await?;
        contact.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such contact."))
    }
    async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let live = live().await?;
        let taken = person("a@x.org", Plan::Pro, 5)?;
        let first = live.contacts().create(taken.clone()).await?;
        match live.contacts().create(taken).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                assert_eq!(error.existing_id(), Some(first.id));
            }
            other => panic!("the address is taken: {other:?}"),
        }
        let kind = |found: Result<Contact>| found.unwrap_err().kind();
        assert_eq!(kind(find(&live, "7").await), ErrorKind::BadRequest);
        let absent = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
        assert_eq!(kind(find(&live, absent).await), ErrorKind::NotFound);
        Ok(())
    }
    pollster::block_on(run()).unwrap();
}

#[test]
fn events_come_in_process_after_their_commit() -> Result<()> {
    pollster::block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let acme = crm.create_workspace("acme").await?;
        let live = crm.open(acme.id, Mode::Live).await?;
        let test = crm.open(acme.id, Mode::Test).await?;
        three(&live).await?;
        let mut events = live.events().subscribe();
        assert!(events.next().now_or_never().is_none(), "none from before");
        test.contacts()
            .create(person("a@x.org", Plan::Pro, 5)?)
            .await?;
        let input = person("d@x.org", Plan::Pro, 5)?;
        let once = live.clone().idempotent("once", &input)?;
        let made = once.contacts().create(input.clone()).await?;
        once.contacts().create(input.clone()).await?;
        assert!(live.contacts().create(input).await.is_err());
        let phone = ContactInput {
            phone: "555".into(),
            ..Default::default()
        };
        live.contacts().update(made.id, phone.clone(), None).await?;
        live.contacts().update(made.id, phone, None).await?;
        let input = WebhookInput {
            url: "https://example.com/".into(),
            event_types: vec!["*".to_owned()].into(),
            ..Default::default()
        };
        let webhook = live.webhooks().subscribe(input).await?;
        live.webhooks().test(webhook.id).await?;
        live.contacts().delete(made.id, None).await?;
        let mut other = live.events().subscribe();
        drop((live, test, once, crm));
        let mut came = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.expect("none is missed");
            let contact: Contact = event.data.decode()?;
            assert_eq!((contact.id, event.record_id()), (made.id, Some(made.id)));
            came.push((event.event_type.to_string(), contact.version));
        }
        let expected = [
            ("contact.created", 1),
            ("contact.updated", 2),
            ("contact.deleted", 3),
        ];
        assert_eq!(
            came,
            expected.map(|(name, version)| (name.to_owned(), version))
        );
        assert!(other.next().await.is_none(), "the engine is gone");
        Ok(())
    })
}

#[test]
fn a_listener_that_is_too_slow_is_told_how_much_it_missed() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let mut events = live.events().subscribe();
        let extra = 7;
        let names = (0..engine::EVENT_STREAM_EVENTS_MAX + extra).map(|n| format!("Ada {n}"));
        let rows: Vec<ContactInput> = names
            .map(|name| ContactInput {
                first_name: name.into(),
                ..Default::default()
            })
            .collect();
        for contacts in rows.chunks(limits::BATCH_ROWS_MAX) {
            let batch = BatchInput {
                rows: contacts.to_vec(),
                ..Default::default()
            };
            live.contacts().batch(batch).await?;
        }
        for _ in 0..engine::EVENT_STREAM_EVENTS_MAX {
            assert!(matches!(events.next().await, Some(Ok(_))));
        }
        let missed = events.next().await.and_then(Result::err);
        assert_eq!(missed.map(|missed| missed.count), Some(extra as u64));
        live.contacts().create(rows[0].clone()).await?;
        assert!(matches!(events.next().await, Some(Ok(_))), "it goes on");
        Ok(())
    })
}

#[test]
fn a_listener_that_waits_is_woken() -> Result<()> {
    let live = pollster::block_on(live())?;
    let mut events = live.events().subscribe();
    let waiting = std::thread::spawn(move || pollster::block_on(events.next()));
    let input = person("a@x.org", Plan::Pro, 5)?;
    pollster::block_on(live.contacts().create(input))?;
    let event = waiting.join().unwrap().unwrap().unwrap();
    assert_eq!(event.event_type.as_str(), "contact.created");
    Ok(())
}

#[test]
fn a_row_of_a_batch_fails_with_an_error_like_any_other() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let batch = BatchInput {
            rows: vec![person("a@x.org", Plan::Pro, 5)?, person("a", Plan::Pro, 5)?],
            ..Default::default()
        };
        let report = live.contacts().batch(batch).await?;
        let statuses = report.data.iter().map(|row| row.status);
        let expected = [RowStatus::Created, RowStatus::Failed];
        assert_eq!(statuses.collect::<Vec<_>>(), expected);
        let error = report.data[1].error.as_ref().unwrap();
        assert_eq!(error.kind(), ErrorKind::ValidationFailed);
        assert_eq!(error.field(), Some("contacts[1].email"));
        Ok(())
    })
}
