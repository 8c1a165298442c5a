//! What a Rust developer writes by habit compiles, and does what it says.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use relm_core::engine::{RecoverInput, RowStatus};
use relm_core::query::filter::{Filterable, Operator};
use relm_core::record::key::KeyAccess;
use relm_core::record::{DeliveryStatus, DisabledReason, EventType, RotateInput};
use relm_core::*;
use relm_store_memory::MemoryStore;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plan {
    Free,
    Pro,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Account {
    plan: Plan,
    seats: i64,
}

async fn live() -> Result<Scoped> {
    let crm = Crm::new(MemoryStore::new());
    let acme = crm.create_workspace("acme").await?;
    crm.open(acme.id, Mode::Live).await
}

fn person(email: &str, plan: Plan, seats: i64) -> Result<ContactInput> {
    Ok(ContactInput {
        email: email.into(),
        metadata: Metadata::try_from(&Account { plan, seats })?.into(),
        ..Default::default()
    })
}

fn emails(contacts: impl IntoIterator<Item = Contact>) -> Vec<String> {
    let emails = contacts.into_iter().filter_map(|contact| contact.email);
    emails.collect()
}

/// Three contacts, the newest first: `c` and `a` are on the plan `pro`.
async fn three(live: &Scoped) -> Result<()> {
    let contacts = live.contacts();
    contacts.create(person("a@x.org", Plan::Pro, 5)?).await?;
    contacts.create(person("b@x.org", Plan::Free, 1)?).await?;
    contacts.create(person("c@x.org", Plan::Pro, 50)?).await?;
    Ok(())
}

#[test]
fn lists_are_typed_and_documents_are_the_json_of_the_same_page() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let request = ListRequest::default().limit(2);
        let page = live.contacts().list(&request).await?;
        assert!(page.has_more());
        for contact in &page {
            assert_eq!(contact.version, 1);
        }
        let documents = live.contacts().list(&request).documents().await?;
        assert_eq!(documents.next_cursor, page.next_cursor);
        let decoded: Result<Vec<Contact>> = documents.data.iter().map(|d| d.decode()).collect();
        let contacts: Vec<Contact> = page.into();
        assert_eq!(decoded?, contacts);
        Ok(())
    })
}

#[test]
fn a_stream_goes_through_all_pages() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let request = ListRequest::default().limit(1);
        let mut contacts = live.contacts().list(&request).stream();
        let mut seen = Vec::new();
        while let Some(contact) = contacts.try_next().await? {
            seen.push(contact);
        }
        assert_eq!(emails(seen), ["c@x.org", "b@x.org", "a@x.org"]);
        let pages = live.contacts().list(&request).pages();
        let pages: Vec<List<Contact>> = pages.try_collect().await?;
        let lens: Vec<usize> = pages.iter().map(|page| page.data.len()).collect();
        assert_eq!(lens, [1, 1, 1]);
        // A temporary request serves as well: the stream has one of its own.
        let all: Vec<Contact> = live
            .contacts()
            .list(&ListRequest::default().limit(2))
            .stream()
            .try_collect()
            .await?;
        assert_eq!(all.len(), 3);
        let elsewhere = ListRequest::default().after("no");
        let mut refused = live.contacts().list(&elsewhere).stream();
        let refused = refused.try_next().await;
        assert_eq!(refused.map_err(|e| e.kind()), Err(ErrorKind::InvalidCursor));
        Ok(())
    })
}

#[test]
fn filters_are_built_of_columns_and_members_of_metadata() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let c = "c@x.org";
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        let all = &["c@x.org", "b@x.org", "a@x.org"][..];
        for (filter, expected) in [
            (Contact::email().eq("C@X.org"), &[c][..]),
            (Contact::email().is_in([c, "a@x.org"]), &[c, "a@x.org"]),
            (Contact::email().is_in(Vec::<String>::new()), &[]),
            (Contact::email().ilike("A@%"), &["a@x.org"]),
            (Contact::phone().is_null(), all),
            (Contact::phone().is_not_null(), &[]),
            (Contact::created_at().gt(Timestamp::now() - week), all),
            (Contact::created_at().gt(Timestamp::now() + week), &[]),
            (
                Metadata::field("plan").is_in(["pro", "a,b"]),
                &[c, "a@x.org"],
            ),
            (Metadata::field("plan").ne("pro"), &["b@x.org"]),
            (Metadata::field("seats").gte(5), &[c, "a@x.org"]),
            (Metadata::field("absent").is_null(), all),
        ] {
            let request = ListRequest::default().filter(filter.clone());
            let found = live.contacts().list(&request).await?;
            assert_eq!(emails(found), expected, "{filter:?}");
        }
        Ok(())
    })
}

#[test]
fn amounts_days_and_ids_are_filtered_by_as_what_they_are() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let acme = CompanyInput {
            name: "Acme, Inc.".into(),
            ..Default::default()
        };
        let company = live.companies().create(acme).await?;
        let engine = DealInput {
            title: "Engine".into(),
            value_cents: 12_000.into(),
            close_date: "2026-07-02".parse::<Date>()?.into(),
            company_id: company.id.into(),
            ..Default::default()
        };
        let deal = live.deals().create(engine).await?;
        let request = ListRequest::default()
            .filter(Deal::value_cents().gt(10_000))
            .filter(Deal::value_cents().lte(12_000))
            .filter(Deal::close_date().lt("2027-01-01".parse::<Date>()?))
            .filter(Deal::company_id().eq(company.id))
            .filter(Deal::id().is_in([deal.id, company.id]));
        assert_eq!(live.deals().list(&request).await?.data, [deal]);
        // A comma in a value is none between values.
        let by_name = ListRequest::default().filter(Company::name().is_in(["Acme, Inc."]));
        assert_eq!(live.companies().list(&by_name).await?.data, [company]);
        Ok(())
    })
}

/// Each column that a client may filter by has a builder of its type, of which the name is its own.
#[test]
fn a_filter_that_a_column_builds_names_it() {
    fn name<V>(filterable: Filterable<V>) -> String {
        filterable.is_null().field
    }
    let of_contact = [
        name(Contact::id()),
        name(Contact::email()),
        name(Contact::first_name()),
        name(Contact::last_name()),
        name(Contact::phone()),
        name(Contact::company_id()),
        name(Contact::created_at()),
        name(Contact::updated_at()),
    ];
    let of_activity = [
        name(Activity::id()),
        name(Activity::activity_type()),
        name(Activity::subject()),
        name(Activity::body()),
        name(Activity::contact_id()),
        name(Activity::deal_id()),
        name(Activity::company_id()),
        name(Activity::occurred_at()),
        name(Activity::created_at()),
        name(Activity::updated_at()),
    ];
    let of_company = [
        name(Company::id()),
        name(Company::name()),
        name(Company::domain()),
        name(Company::created_at()),
        name(Company::updated_at()),
    ];
    let of_deal = [
        name(Deal::id()),
        name(Deal::title()),
        name(Deal::value_cents()),
        name(Deal::currency()),
        name(Deal::stage()),
        name(Deal::close_date()),
        name(Deal::company_id()),
        name(Deal::primary_contact_id()),
        name(Deal::created_at()),
        name(Deal::updated_at()),
    ];
    for (kind, built) in [
        (Kind::Contact, &of_contact[..]),
        (Kind::Company, &of_company),
        (Kind::Deal, &of_deal),
        (Kind::Activity, &of_activity),
    ] {
        let filterable: Vec<&str> = query::filter::filterable(kind).collect();
        assert_eq!(built, filterable, "{kind}");
    }
}

#[test]
fn metadata_is_read_and_written_by_types_of_ones_own() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        let input = person("a@x.org", Plan::Pro, 5)?;
        let contact = live.contacts().create(input).await?;
        assert_eq!(contact.metadata.get::<Plan>("plan")?, Some(Plan::Pro));
        assert_eq!(contact.metadata.get::<Plan>("absent")?, None);
        let account: Account = contact.metadata.decode()?;
        assert_eq!((account.plan, account.seats), (Plan::Pro, 5));
        let unlike = contact.metadata.get::<bool>("plan").unwrap_err();
        assert_eq!(unlike.kind(), ErrorKind::ValidationFailed);
        assert_eq!(unlike.field(), Some("metadata.plan"));
        assert!(Metadata::try_from(&5).is_err());
        let mut metadata = Metadata::from([("plan", json!(null)), ("seats", json!(7))]);
        metadata.insert("since", "2026");
        let update = ContactInput {
            metadata: metadata.into(),
            ..Default::default()
        };
        let contact = live.contacts().update(contact.id, update, None).await?;
        let members = json!({ "seats": 7, "since": "2026" });
        assert_eq!(json!(contact.metadata), members);
        assert_eq!(Metadata::try_from(&members)?, contact.metadata);
        Ok(())
    })
}

#[test]
fn options_become_patches() {
    let (none, some) = (None::<String>, Some("Ada".to_owned()));
    let input = ContactInput {
        email: Some("ada@example.com").into(),
        first_name: some.into(),
        phone: none.into(),
        company_id: None.into(),
        ..Default::default()
    };
    let expected = ContactInput {
        email: Patch::Set("ada@example.com".to_owned()),
        first_name: Patch::Set("Ada".to_owned()),
        last_name: Patch::Keep,
        phone: Patch::Clear,
        company_id: Patch::Clear,
        metadata: Patch::Keep,
    };
    assert_eq!(input, expected);
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: T,
    as_json: Value,
) {
    let written = serde_json::to_value(&value).expect("it serialises");
    assert_eq!(written, as_json);
    let read: T = serde_json::from_value(as_json).expect("it reads what it wrote");
    assert_eq!(read, value);
}

#[test]
fn inputs_and_records_go_through_json_and_back() -> Result<()> {
    let company = "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".parse::<Id>()?;
    let contact = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".parse::<Id>()?;
    let at = "2026-07-02T10:00:00.000Z".parse::<Timestamp>()?;
    round_trip(
        ContactInput {
            email: "ada@example.com".into(),
            phone: Patch::Clear,
            company_id: company.into(),
            metadata: Metadata::from([("plan", "pro")]).into(),
            ..Default::default()
        },
        json!({ "email": "ada@example.com", "phone": null, "company_id": company, "metadata": { "plan": "pro" } }),
    );
    round_trip(
        CompanyInput {
            name: "Acme".into(),
            domain: "acme.example".into(),
            metadata: Patch::Clear,
        },
        json!({ "name": "Acme", "domain": "acme.example", "metadata": null }),
    );
    round_trip(
        DealInput {
            title: "Engine".into(),
            value_cents: 5.into(),
            close_date: "2026-07-02".parse::<Date>()?.into(),
            ..Default::default()
        },
        json!({ "title": "Engine", "value_cents": 5, "close_date": "2026-07-02" }),
    );
    round_trip(
        ActivityInput {
            activity_type: "call".into(),
            contact_id: contact.into(),
            occurred_at: at.into(),
            ..Default::default()
        },
        json!({ "type": "call", "contact_id": contact, "occurred_at": at }),
    );
    round_trip(
        WebhookInput {
            url: "https://example.com/".into(),
            event_types: vec!["*".to_owned()].into(),
            ..Default::default()
        },
        json!({ "url": "https://example.com/", "event_types": ["*"] }),
    );
    round_trip(
        FieldInput {
            object_type: ObjectType::Deal,
            key: "region".to_owned(),
            label: None,
            field_type: FieldType::Select,
            required: true,
            choices: vec!["eu".to_owned()],
        },
        json!({ "object_type": "deal", "key": "region", "type": "select", "required": true, "options": { "choices": ["eu"] } }),
    );
    round_trip(
        AssociationInput {
            from_id: contact,
            to_id: company,
            label: Some("employee".to_owned()),
        },
        json!({ "from_type": "contact", "from_id": contact, "to_type": "company", "to_id": company, "label": "employee" }),
    );
    let batch = BatchInput {
        contacts: vec![person("a@x.org", Plan::Pro, 5)?],
        dedup_on_email: true,
        atomic: false,
    };
    let row = json!({ "email": "a@x.org", "metadata": { "plan": "pro", "seats": 5 } });
    let as_json = json!({ "contacts": [row], "dedup_on": ["email"], "atomic": false });
    round_trip(batch, as_json);
    round_trip(
        RotateInput {
            expires_in: Some(60),
        },
        json!({ "expires_in": 60 }),
    );
    round_trip(
        RecoverInput {
            since: at,
            until: None,
        },
        json!({ "since": at, "until": null }),
    );
    // What a request may not say, an input does not read, for the same reason.
    let refused = serde_json::from_value::<ContactInput>(json!({ "emial": "a@x.org" }));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("Did you mean `email`?"), "{refused}");
    pollster::block_on(async {
        let live = live().await?;
        let input = person("a@x.org", Plan::Pro, 5)?;
        let made = live.contacts().create(input).await?;
        let as_json = serde_json::to_value(&made).unwrap();
        round_trip(made, as_json);
        Ok(())
    })
}

/// A text in Rust and in JSON, which reads back from both.
fn has_text<T>(values: impl IntoIterator<Item = T>)
where
    T: std::fmt::Display + std::str::FromStr<Err = ParseTextError>,
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    for value in values {
        let text = value.to_string();
        assert_eq!(text.parse::<T>().as_ref(), Ok(&value));
        assert_eq!(format!("{value:>40}").trim_start(), text);
        round_trip(value, json!(text));
    }
    assert!("no such text".parse::<T>().is_err());
    assert!(serde_json::from_value::<T>(json!("no such text")).is_err());
}

#[test]
fn whatever_has_a_text_reads_it_back() -> Result<()> {
    has_text(["con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".parse::<Id>()?]);
    has_text(["req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".parse::<RequestId>()?]);
    has_text([Timestamp::MIN, Timestamp::MAX, Timestamp::from_millis(0)]);
    has_text(["2026-07-02".parse::<Date>()?]);
    has_text(Mode::ALL);
    has_text(Kind::ALL);
    has_text(ObjectType::ALL);
    has_text(FieldType::ALL);
    has_text(KeyAccess::ALL);
    has_text(ErrorKind::ALL);
    has_text(Operator::ALL);
    has_text(DeliveryStatus::ALL);
    has_text(DisabledReason::ALL);
    has_text(EventType::all().chain([EventType::Ping]));
    has_text(RowStatus::ALL);
    let refused: Error = "7".parse::<Id>().unwrap_err().into();
    assert_eq!(refused.kind(), ErrorKind::BadRequest);
    assert!(
        refused.message().contains("an id such as con_"),
        "{refused}"
    );
    Ok(())
}

#[test]
fn the_present_is_the_system_s_and_moments_move_by_durations() {
    let before = std::time::SystemTime::now();
    let now = Timestamp::now();
    assert!(Timestamp::from(before) <= now);
    let second = Duration::from_secs(1);
    assert_eq!((now + second).as_millis(), now.as_millis() + 1000);
    assert_eq!(now + second - second, now);
    assert_eq!(now + Duration::MAX, Timestamp::MAX);
    assert_eq!(now - Duration::MAX, Timestamp::MIN);
    let before_epoch = std::time::UNIX_EPOCH - second;
    assert_eq!(Timestamp::from(before_epoch).as_millis(), -1000);
}

#[test]
fn a_search_finds_records_of_their_types() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let request = SearchRequest::new("x.org")
            .types([ObjectType::Contact])
            .limit(2);
        let found = live.search(&request).await?;
        let contacts = found.data.iter().filter_map(|record| match record {
            record::Record::Contact(contact) => contact.email.as_deref(),
            _ => None,
        });
        assert_eq!(contacts.collect::<Vec<_>>(), ["c@x.org", "b@x.org"]);
        let all = live
            .search(&request)
            .stream()
            .try_collect::<Vec<_>>()
            .await?;
        assert_eq!(all.len(), 3);
        Ok(())
    })
}

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
            ("contact.deleted", 2),
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
                contacts: contacts.to_vec(),
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
            contacts: vec![person("a@x.org", Plan::Pro, 5)?, person("a", Plan::Pro, 5)?],
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
