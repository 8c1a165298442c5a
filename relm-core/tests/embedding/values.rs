//! What is given and read: inputs, records, metadata, moments and texts.

use super::*;

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
        name: Patch::Keep,
        phone: Patch::Clear,
        company_id: Patch::Clear,
        owner: Patch::Keep,
        tags: Patch::Keep,
        metadata: Patch::Keep,
        ..ContactInput::default()
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

const COMPANY: &str = "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
const CONTACT: &str = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
const AT: &str = "2026-07-02T10:00:00.000Z";

#[test]
fn inputs_of_objects_go_through_json_and_back() -> Result<()> {
    let (company, contact) = (COMPANY.parse::<Id>()?, CONTACT.parse::<Id>()?);
    let at = AT.parse::<Timestamp>()?;
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
            owner: "Grace".into(),
            tags: ["a"].into(),
            addresses: relm_core::AddressesInput::add([relm_core::PostalAddress {
                city: Some("Berlin".to_owned()),
                ..Default::default()
            }])
            .into(),
            metadata: Patch::Clear,
        },
        json!({
            "name": "Acme", "domain": "acme.example", "owner": "Grace", "tags": ["a"], "metadata": null,
            "addresses": {
                "add": [{
                    "label": null, "street": null, "city": "Berlin", "region": null, "postal_code": null, "country": null,
                }],
                "remove": [],
            },
        }),
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
    // What a request may not say, an input does not read, for the same reason.
    let refused = serde_json::from_value::<ContactInput>(json!({ "emial": "a@x.org" }));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("Did you mean `email`?"), "{refused}");
    Ok(())
}

#[test]
fn what_else_is_asked_for_goes_through_json_and_back() -> Result<()> {
    let (company, contact) = (COMPANY.parse::<Id>()?, CONTACT.parse::<Id>()?);
    let at = AT.parse::<Timestamp>()?;
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
            required: true,
            choices: vec!["eu".to_owned()],
            ..FieldInput::new(ObjectType::Deal, "region", FieldType::Select)
        },
        json!({ "object_type": "deal", "key": "region", "type": "select", "required": true, "options": { "choices": ["eu"] } }),
    );
    round_trip(
        AssociationInput {
            from_id: contact,
            to_id: company,
            label: Some("employee".to_owned()),
            attributes: Default::default(),
        },
        json!({ "from_type": "contact", "from_id": contact, "to_type": "company", "to_id": company, "label": "employee" }),
    );
    let batch: BatchInput = BatchInput {
        rows: vec![person("a@x.org", Plan::Pro, 5)?],
        dedup_on: vec!["email".to_owned()],
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
    Ok(())
}

#[test]
fn a_record_goes_through_json_and_back() -> Result<()> {
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
