//! Exports of other programs, as they come, with invented people.

use relm_core::record::file::{FileOptions, Mapping};
use relm_core::{FieldType, ObjectType};
use serde_json::{Value, json};

use super::{field, read, read_pieces, records};

/// Addresses without labels, the primary one first.
fn emails(all: &[&str]) -> Value {
    let all = all.iter();
    all.map(|it| json!({ "email": it, "label": null }))
        .collect()
}

fn phones(all: &[&str]) -> Value {
    let all = all.iter();
    all.map(|it| json!({ "phone": it, "label": null }))
        .collect()
}

#[test]
fn contacts_of_hubspot() {
    let read = read(include_bytes!("fixtures/hubspot-contacts.csv")).unwrap();
    let plan = field(
        ObjectType::Contact,
        "plan",
        FieldType::Select,
        &["Free", "Pro"],
    );
    assert_eq!(
        records(&read, ObjectType::Contact, std::slice::from_ref(&plan)),
        [
            json!({"email": "ada@analytical.example", "first_name": "Ada", "last_name": "Lovelace", "phone": "+44 20 7946 0101",
                "owner": "Max Roe", "metadata": {"plan": "Pro"}}),
            json!({"email": "grace@navy.example", "first_name": "Grace"}),
            json!({"email": "zoe@brien.example", "first_name": "Zoë", "last_name": "O'Brien, Jr.", "phone": "(555) 010-1234",
                "owner": "Max Roe", "metadata": {"plan": "Free"}}),
        ]
    );
    let mapping = Mapping::suggest(&read.header, ObjectType::Contact, &[plan]);
    assert_eq!(
        mapping.unmapped(),
        [
            "Record ID",
            "Last Activity Date (GMT+2)",
            "Lead Status",
            "Create Date (GMT+2)",
            "Associated Company",
            "Associated Company IDs"
        ]
    );
}

#[test]
fn opportunities_of_salesforce() {
    let read = read(include_bytes!("fixtures/salesforce-opportunities.csv")).unwrap();
    assert_eq!(
        records(&read, ObjectType::Deal, &[]),
        [
            json!({"title": "Acme - 200 Widgets", "stage": "Prospecting", "value_cents": 1_250_000, "currency": "EUR",
                "close_date": "2026-09-30"}),
            json!({"title": "Globex renewal", "stage": "Closed Won", "value_cents": 780_050, "currency": "USD",
                "close_date": "2026-03-31"}),
            json!({"title": "No amount yet", "stage": "Qualification", "currency": "JPY", "close_date": "2026-12-31"}),
        ]
    );
}

#[test]
fn people_of_pipedrive() {
    let read = read(include_bytes!("fixtures/pipedrive-people.csv")).unwrap();
    assert_eq!(
        records(&read, ObjectType::Contact, &[]),
        [
            json!({"email": "jordan@acme.example", "first_name": "Jordan", "last_name": "Vega", "phone": "+1 312 555 0122",
                "owner": "Dana Cole", "tags": ["Hot lead"]}),
            json!({"email": "sam@home.example", "name": "Sam Rivera", "phone": "+1 312 555 0144",
                "owner": "Dana Cole"}),
        ]
    );
    let mapping = Mapping::suggest(&read.header, ObjectType::Contact, &[]);
    assert_eq!(
        mapping.fallbacks(),
        [
            ("Person - Email - Home", "email"),
            ("Person - Email - Other", "email"),
            ("Person - Phone - Mobile", "phone"),
            ("Person - Phone - Home", "phone"),
            ("Person - Phone - Other", "phone"),
        ]
    );
}

#[test]
fn contacts_of_google() {
    let read = read(include_bytes!("fixtures/google-contacts.csv")).unwrap();
    let notes = field(ObjectType::Contact, "notes", FieldType::Text, &[]);
    assert_eq!(
        records(&read, ObjectType::Contact, &[notes]),
        [
            json!({"email": "joao@silva.example", "first_name": "João", "last_name": "Silva", "phone": "+55 11 98765-4321", "tags": ["clients"],
                "emails": emails(&["joao@silva.example", "silva@padaria.example", "joao@home.example"]),
                "phones": phones(&["+55 11 98765-4321", "+55 11 5555-0100"]),
                "metadata": {"notes": "Likes bread.\nSecond line, too."}}),
            json!({"email": "maria@home.example", "first_name": "Maria", "last_name": "Santos"}),
        ]
    );
}

#[test]
fn contacts_of_outlook_in_windows_1252() {
    let read = read(include_bytes!("fixtures/outlook-contacts.csv")).unwrap();
    let notes = field(ObjectType::Contact, "notes", FieldType::Text, &[]);
    assert_eq!(
        records(&read, ObjectType::Contact, &[notes]),
        [
            json!({"email": "andre@mueller.example", "first_name": "André", "last_name": "Müller", "phone": "+41 44 555 01 00",
                "phones": [{"phone": "+41 44 555 01 00", "label": "work"}, {"phone": "+41 79 555 01 01", "label": "mobile"}],
                "metadata": {"notes": "Met in Zürich.\r\nCall back – soon"}}),
            json!({"email": "bob2@build.example", "first_name": "Bob", "last_name": "Builder", "phone": "02-000-0002"}),
        ]
    );
}

#[test]
fn connections_of_linkedin() {
    let read = read(include_bytes!("fixtures/linkedin-connections.csv")).unwrap();
    let lines: Vec<u64> = read.sound().iter().map(|row| row.line).collect();
    assert_eq!(lines, [5, 6], "of the file, its notes among them");
    let connected = field(ObjectType::Contact, "connected_on", FieldType::Date, &[]);
    assert_eq!(
        records(&read, ObjectType::Contact, &[connected]),
        [
            json!({"first_name": "Priya", "last_name": "Sharma", "metadata": {"connected_on": "2024-03-12"}}),
            json!({"first_name": "Arjun", "last_name": "Mehta", "email": "arjun@mehta.example",
                "metadata": {"connected_on": "2023-01-03"}}),
        ]
    );
}

#[test]
fn vcards_of_every_version() {
    let bytes = include_bytes!("fixtures/contacts.vcf");
    let read = read(bytes).unwrap();
    assert_eq!(
        records(&read, ObjectType::Contact, &[]),
        [
            json!({"email": "sam@acme.example", "first_name": "Sam", "last_name": "Rivera", "phone": "+1 555 123 4567",
                "emails": emails(&["sam@acme.example", "sam@home.example"]), "phones": phones(&["+1 555 123 4567", "+1 555 000 9999"]),
                "tags": ["clients", "vip"], "addresses": {"add": [{"label": "work", "street": "1 Main St", "city": "Springfield",
                    "region": "IL", "postal_code": "62701", "country": "USA"}]}}),
            json!({"email": "ana@new.example", "first_name": "Ana", "last_name": "López", "phone": "+34-91-555-0101",
                "emails": emails(&["ana@new.example", "ana@old.example"])}),
            json!({"first_name": "Jörg", "last_name": "Müller", "phone": "0170 5550100"}),
        ]
    );
    let cell = |row: usize, header: &str| {
        let place = read.header.iter().position(|one| one == header).unwrap();
        read.cells()[row][place].clone()
    };
    assert_eq!(cell(0, "email 2"), "sam@home.example");
    assert_eq!(cell(0, "phone 2"), "+1 555 000 9999", "a fax comes last");
    assert_eq!(cell(0, "organization"), "Acme, Inc.");
    assert_eq!(cell(0, "department"), "Design");
    assert_eq!(cell(0, "address 1 street"), "1 Main St");
    assert_eq!(cell(0, "address 1 label"), "work");
    assert_eq!(cell(0, "address 2 city"), "");
    assert_eq!(
        cell(0, "note"),
        "Line one\nline two, with a comma; and a long note that goes on past seventy-five characters"
    );
    assert_eq!(cell(0, "categories"), "clients,vip");
    assert_eq!(
        cell(0, "uid"),
        "urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1"
    );
    let named = FileOptions {
        file_name: Some("people.vcf".to_owned()),
        ..FileOptions::default()
    };
    assert_eq!(read_pieces([&bytes[..]], named).unwrap(), read);
}
