//! Records to look at.

use relm_core::engine::{ImportOptions, Importer};
use relm_core::{Association, Id, ObjectType};
use serde_json::{Value, json};

use super::browser::{Answered, Browser, World, wait};

/// Makes a record as the API would.
#[track_caller]
pub fn make(world: &World, object: ObjectType, body: Value) -> Id {
    make_in(&world.scoped(), object, body)
}

#[track_caller]
pub fn make_in(scoped: &relm_core::Scoped, object: ObjectType, body: Value) -> Id {
    let made = wait(async {
        match object {
            ObjectType::Contact => scoped.contacts().create_json(body).await.map(|it| it.body),
            ObjectType::Company => scoped.companies().create_json(body).await.map(|it| it.body),
            ObjectType::Deal => scoped.deals().create_json(body).await.map(|it| it.body),
            ObjectType::Activity => scoped
                .activities()
                .create_json(body)
                .await
                .map(|it| it.body),
        }
    });
    let made: Value = serde_json::from_str(&made.unwrap()).unwrap();
    made["id"].as_str().unwrap().parse().unwrap()
}

pub fn link(world: &World, from: Id, to: Id, label: Option<&str>) -> Association {
    let input = relm_core::AssociationInput {
        from_id: from,
        to_id: to,
        label: label.map(str::to_owned),
        attributes: Default::default(),
    };
    wait(world.scoped().associations().link(input)).unwrap()
}

/// A JSON document of the store, as the API shows it.
pub fn read(world: &World, id: Id) -> Value {
    let scoped = world.scoped();
    let found = wait(async {
        match ObjectType::of(id.kind()).unwrap() {
            ObjectType::Contact => scoped.contacts().get_json(id).await,
            ObjectType::Company => scoped.companies().get_json(id).await,
            ObjectType::Deal => scoped.deals().get_json(id).await,
            ObjectType::Activity => scoped.activities().get_json(id).await,
        }
    });
    found.unwrap().map_or(Value::Null, |document| {
        serde_json::from_str(&document.json).unwrap()
    })
}

/// A company, a person of it, a deal and a call, linked; one more person in the trash; a custom field; an endpoint with a delivery to
/// it. Gives the page that shows the secret of the endpoint.
pub fn everything(world: &World, owner: &mut Browser<'_>) -> Answered {
    let field = json!({ "object_type": "contact", "key": "plan", "label": "Plan", "type": "select", "options": { "choices": ["free", "pro"] } });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let webhooks = format!("{}/webhooks", world.place);
    let secret = owner.submit(
        &format!("{webhooks}/new"),
        &webhooks,
        &[("url", "https://hooks.example.com/relm"), ("enabled", "on")],
    );
    let company = make(
        world,
        ObjectType::Company,
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let contact = json!({ "email": "ada@acme.example", "first_name": "Ada", "company_id": company.text(), "metadata": { "plan": "pro", "source": "fair" } });
    let contact = make(world, ObjectType::Contact, contact);
    // Most likely one with the first.
    let twin = json!({ "name": "ACME", "domain": "acme.example" });
    make(world, ObjectType::Company, twin);
    let deal = json!({ "title": "Engine", "value_cents": 150_000, "currency": "EUR", "stage": "won", "company_id": company.text(), "primary_contact_id": contact.text() });
    let deal = make(world, ObjectType::Deal, deal);
    let call = json!({ "type": "call", "subject": "First call", "contact_id": contact.text(), "deal_id": deal.text() });
    make(world, ObjectType::Activity, call);
    link(world, contact, deal, Some("champion"));
    let gone = make(world, ObjectType::Contact, json!({ "first_name": "Gone" }));
    wait(world.scoped().contacts().delete(gone, None)).unwrap();
    files(world);
    secret
}

/// A file that was tried, one whose row failed, and one that waits.
fn files(world: &World) {
    let scoped = world.scoped();
    let contacts = || ImportOptions::new(ObjectType::Contact);
    let start = |options: ImportOptions, file: &str| {
        wait(async { scoped.imports().start(options, file.as_bytes()).await }).unwrap();
    };
    start(
        contacts().keep_rows(),
        "Email,Fax\ngrace@acme.example,+44 1\nno address,\n",
    );
    start(contacts(), "email\nno address\n");
    wait(Importer::new(world.crm.clone()).work_off()).unwrap();
    start(contacts(), "email\nnobody@acme.example\n");
}
