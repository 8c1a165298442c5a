//! The workload of a history: commands of its workspace's owner, which change records and endpoints.

use relm_core::engine::{Crm, ListRequest, RecoverInput, Scoped};
use relm_core::error::{ErrorKind, Result};
use relm_core::record::RotateInput;
use relm_core::record::WebhookInput;
use relm_core::record::object::DealInput;
use relm_core::value::id::Id;
use relm_core::value::time::{Clock, Timestamp};

use super::environment::{Behaviour, Environment};
use super::interleaving::Dice;
use super::ledger::Ledger;
use crate::engine::acme::{company, contact, phone};

/// Endpoints of a history at once.
const ENDPOINTS_MAX: usize = 4;
const MINUTE_MS: i64 = 60_000;
const SUBSCRIPTIONS: [&[&str]; 5] = [
    &["*"],
    &["*"],
    &["contact.created", "deal.created"],
    &["contact.updated", "contact.deleted", "company.created"],
    &["contact.created", "contact.updated"],
];

/// One thing that an owner asks for.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create(String),
    Change(Id, String),
    Drop(Id),
    Company,
    Deal,
    Subscribe(&'static [&'static str], String),
    Resubscribe(Id, &'static [&'static str]),
    Enable(Id, bool),
    Move(Id, String),
    Unsubscribe(Id),
    Rotate(Id, i64),
    Replay(Id, Id),
    Ping(Id),
    Recover(Id, Timestamp),
    Prune(Timestamp),
}

impl Command {
    /// Something to do, as things are.
    pub fn any(environment: &Environment) -> Self {
        let (dice, now) = (&environment.dice, environment.clock.now());
        let faults = environment.faults();
        let ledger = environment.ledger();
        let there: Vec<Id> = ledger
            .endpoints
            .iter()
            .filter(|(_, endpoint)| endpoint.webhook.is_some())
            .map(|(id, _)| *id)
            .collect();
        let contacts: Vec<Id> = ledger.contacts.iter().copied().collect();
        let fresh = |what: &str| format!("{what}{}", dice.below(1 << 40));
        let Some(endpoint) = dice.pick(&there).filter(|_| dice.one_in(2)) else {
            if there.len() < ENDPOINTS_MAX && dice.one_in(4) {
                let types = dice.pick(&SUBSCRIPTIONS).unwrap_or(&["*"]);
                return Self::Subscribe(types, fresh("https://example.com/"));
            }
            return match (dice.below(6), dice.pick(&contacts)) {
                (0, Some(id)) => Self::Drop(id),
                (1 | 2, Some(id)) => Self::Change(id, fresh("+")),
                (3, _) => Self::Company,
                (4, _) => Self::Deal,
                _ => Self::Create(fresh("ada") + "@example.com"),
            };
        };
        let past =
            |minutes| now.saturating_add_millis(-MINUTE_MS * dice.below(minutes).cast_signed());
        match dice.below(12) {
            0 | 1 => Self::Enable(endpoint, false),
            2 | 3 => Self::Enable(endpoint, true),
            4 => Self::Move(endpoint, fresh("https://example.com/")),
            5 => match dice.below(3) {
                0 => Self::Unsubscribe(endpoint),
                _ => {
                    let types = dice.pick(&SUBSCRIPTIONS).unwrap_or(&["*"]);
                    Self::Resubscribe(endpoint, types)
                }
            },
            6 => Self::Rotate(endpoint, dice.pick(&[0, 1, 600, 86_400]).unwrap_or(0)),
            7 | 8 => match a_delivery(&ledger, dice, endpoint) {
                Some(delivery) => Self::Replay(endpoint, delivery),
                None => Self::Ping(endpoint),
            },
            9 => Self::Ping(endpoint),
            10 if faults.prunes => Self::Prune(past(dice.pick(&[1, 10, 3_000]).unwrap_or(1))),
            _ => Self::Recover(endpoint, past(5_000)),
        }
    }

    /// Whether it changes records, and not who is notified of that.
    pub fn changes_records(&self) -> bool {
        matches!(
            self,
            Self::Create(_) | Self::Change(..) | Self::Company | Self::Deal
        )
    }

    /// Does it.
    pub async fn run(self, environment: &Environment, crm: &Crm, scoped: &Scoped) {
        environment.note(format!("the owner: {self:?}"));
        let what = format!("{self:?}");
        if let Err(error) = self.try_run(environment, crm, scoped).await {
            let is_expected = match error.kind() {
                // Somebody else was faster, or the endpoint is disabled, or has enough secrets.
                ErrorKind::NotFound | ErrorKind::ValidationFailed => true,
                // It was asked of a process whose store fails.
                ErrorKind::Unavailable | ErrorKind::OutcomeUnknown => {
                    environment.faults().commits_fail
                }
                _ => false,
            };
            environment
                .ledger()
                .ensure(is_expected, || format!("{what}: {error:?}"));
        }
    }

    async fn try_run(self, environment: &Environment, crm: &Crm, scoped: &Scoped) -> Result<()> {
        let webhooks = scoped.webhooks();
        match self {
            Self::Create(email) => scoped.contacts().create(contact(&email)).await.map(drop),
            Self::Change(id, number) => {
                let contacts = scoped.contacts();
                contacts.update(id, phone(&number), None).await.map(drop)
            }
            Self::Drop(id) => scoped.contacts().delete(id, None).await,
            Self::Company => scoped.companies().create(company("Shop")).await.map(drop),
            Self::Deal => scoped.deals().create(sale()).await.map(drop),
            Self::Subscribe(types, url) => {
                environment.set_behaviour(&url, Behaviour::any(&environment.dice));
                let input = WebhookInput {
                    url: url.into(),
                    ..subscribed_to(types)
                };
                webhooks.subscribe(input).await.map(drop)
            }
            Self::Resubscribe(id, types) => {
                webhooks.update(id, subscribed_to(types)).await.map(drop)
            }
            Self::Enable(id, enabled) => {
                let input = WebhookInput {
                    enabled: enabled.into(),
                    ..WebhookInput::default()
                };
                webhooks.update(id, input).await.map(drop)
            }
            Self::Move(id, url) => {
                environment.set_behaviour(&url, Behaviour::any(&environment.dice));
                let input = WebhookInput {
                    url: url.into(),
                    ..WebhookInput::default()
                };
                webhooks.update(id, input).await.map(drop)
            }
            Self::Unsubscribe(id) => webhooks.delete(id).await,
            Self::Rotate(id, seconds) => {
                let input = RotateInput {
                    expires_in: Some(seconds),
                };
                webhooks.rotate_secret(id, input).await.map(drop)
            }
            Self::Replay(id, delivery) => webhooks.replay(id, delivery).await.map(drop),
            Self::Ping(id) => webhooks.test(id).await.map(drop),
            Self::Recover(id, since) => {
                let input = RecoverInput { since, until: None };
                webhooks.recover(id, input).await.map(drop)
            }
            Self::Prune(before) => {
                let sleep = super::environment::YieldingSleep;
                crm.delete_expired_events(before, &sleep).await.map(drop)
            }
        }
    }
}

fn sale() -> DealInput {
    DealInput {
        title: "Sale".into(),
        ..DealInput::default()
    }
}

fn subscribed_to(types: &[&str]) -> WebhookInput {
    let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
    WebhookInput {
        event_types: types.into(),
        ..WebhookInput::default()
    }
}

/// A delivery of an endpoint, or now and then of another one.
fn a_delivery(ledger: &Ledger, dice: &Dice, endpoint: Id) -> Option<Id> {
    let any = dice.one_in(8);
    let rows = ledger.deliveries.values().map(|row| &row.delivery);
    let some: Vec<Id> = rows
        .filter(|delivery| any || delivery.webhook_id == endpoint)
        .map(|delivery| delivery.id)
        .collect();
    dice.pick(&some)
}

/// Every delivery that the store holds, as the engine lists them.
pub(crate) async fn deliveries(scoped: &Scoped, endpoint: Id) -> Vec<relm_core::record::Document> {
    let mut request = ListRequest::default().limit(200);
    let mut all = Vec::new();
    loop {
        let page = scoped.webhooks().deliveries(endpoint, &request);
        let page = page.documents().await;
        let page = page.expect("the endpoint is there");
        all.extend(page.data);
        match page.next_cursor {
            Some(cursor) => request = request.after(cursor),
            None => return all,
        }
    }
}
