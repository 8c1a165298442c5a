//! What is written, and where nothing is.

use relm_core::engine::Sleeper;
use relm_core::{ContactInput, DealInput, SearchRequest, WebhookInput};
use relm_store_memory::MemoryStore;

use super::*;

const SMALL: Size = Size {
    companies: 30,
    contacts: 120,
    deals: 90,
    activities: 60,
};

struct NoSleep;

#[async_trait::async_trait]
impl Sleeper for NoSleep {
    async fn sleep(&self, _: std::time::Duration) {}
}

struct Filled {
    crm: Crm,
    clock: Arc<ManualClock>,
    workspace: Id,
}

impl Filled {
    fn new() -> Self {
        let now = Timestamp::parse("2026-11-29T15:00:00Z").unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let store = Arc::new(MemoryStore::new());
        let crm = Crm::builder(store).clock(clock.clone()).build();
        let workspace = pollster::block_on(crm.create_workspace("demo")).unwrap().id;
        let filled = Self {
            crm,
            clock,
            workspace,
        };
        assert!(filled.fill(Mode::Test));
        filled
    }

    fn fill(&self, mode: Mode) -> bool {
        let at = (self.workspace, mode);
        pollster::block_on(fill(&self.crm, &self.clock, at, SMALL)).unwrap()
    }

    fn scoped(&self, mode: Mode) -> Scoped {
        pollster::block_on(self.crm.open(self.workspace, mode)).unwrap()
    }

    /// Live mode, which has something in it of which no list of contacts tells, is left as it is.
    #[track_caller]
    fn leaves_live_as_it_is(&self) {
        assert!(!self.fill(Mode::Live));
        let live = self.scoped(Mode::Live);
        let all = ListRequest::default();
        let contacts = pollster::block_on(live.contacts().list(&all).documents()).unwrap();
        assert!(contacts.data.is_empty());
        assert!(pollster::block_on(live.fields().all()).unwrap().is_empty());
    }

    /// What there is of everything, without what is minted.
    fn told(&self) -> Vec<String> {
        let scoped = self.scoped(Mode::Test);
        let all = ListRequest::default().limit(200);
        pollster::block_on(async {
            let mut told = Vec::new();
            for one in scoped.contacts().list(&all).await.unwrap() {
                told.push(format!(
                    "{:?} {:?} {:?}",
                    one.email, one.metadata, one.created_at
                ));
            }
            for one in scoped.companies().list(&all).await.unwrap() {
                told.push(format!("{:?} {:?}", one.name, one.domain));
            }
            for one in scoped.deals().list(&all).await.unwrap() {
                told.push(format!(
                    "{} {:?} {:?}",
                    one.title, one.stage, one.close_date
                ));
            }
            for one in scoped.activities().list(&all).await.unwrap() {
                told.push(format!("{:?} {:?}", one.subject, one.occurred_at));
            }
            told
        })
    }
}

#[test]
fn it_is_the_same_every_time() {
    let told = Filled::new().told();
    assert_eq!(told.len(), 30 + 120 - 12 + 90 + 60);
    assert_eq!(told, Filled::new().told());
}

#[test]
fn it_ends_with_yesterday_and_deals_have_a_history() {
    let filled = Filled::new();
    let (scoped, now) = (filled.scoped(Mode::Test), filled.clock.now());
    assert!(now.to_string().starts_with("2026-11-28T"), "{now}");
    pollster::block_on(async {
        let won = ListRequest::default().filter(relm_core::Deal::stage().eq("won"));
        let won = scoped.deals().list(&won).await.unwrap().data;
        let deal = won.first().expect("something was sold");
        let history = scoped.deals().history(deal.id).await.unwrap().data;
        assert_eq!(history.len(), 5, "each stage, and the last");
        let by = history[0]
            .actor
            .as_ref()
            .and_then(|actor| actor.name.clone());
        assert!(TEAM.iter().any(|(_, name)| by.as_deref() == Some(name)));
        let found = scoped
            .search(&SearchRequest::new(&deal.title))
            .await
            .unwrap();
        assert!(!found.data.is_empty());
    });
}

#[test]
fn where_anything_is_nothing_is_touched() {
    let filled = Filled::new();
    let told = filled.told();
    assert!(!filled.fill(Mode::Test));
    assert_eq!(told, filled.told());

    let live = filled.scoped(Mode::Live);
    let deal = DealInput {
        title: "Engine".into(),
        ..DealInput::default()
    };
    pollster::block_on(live.deals().create(deal)).unwrap();
    filled.leaves_live_as_it_is();
}

#[test]
fn an_endpoint_that_is_there_is_sent_nothing() {
    let filled = Filled::new();
    let live = filled.scoped(Mode::Live);
    let endpoint = WebhookInput {
        url: "https://hooks.example.com/relm".into(),
        event_types: vec!["*".to_owned()].into(),
        ..WebhookInput::default()
    };
    let endpoint = pollster::block_on(live.webhooks().subscribe(endpoint)).unwrap();
    filled.leaves_live_as_it_is();
    let all = ListRequest::default();
    let webhooks = live.webhooks();
    let deliveries = webhooks.deliveries(endpoint.id, &all).documents();
    assert!(pollster::block_on(deliveries).unwrap().data.is_empty());
}

#[test]
fn what_only_the_trash_has_is_something() {
    let filled = Filled::new();
    let live = filled.scoped(Mode::Live);
    let ada = ContactInput {
        first_name: "Ada".into(),
        ..ContactInput::default()
    };
    pollster::block_on(async {
        let contact = live.contacts().create(ada).await;
        live.contacts()
            .delete(contact.unwrap().id, None)
            .await
            .unwrap();
        filled.clock.advance_millis(2 * DAY_MS);
        let before = filled.clock.now();
        let expired = filled.crm.delete_expired_events(before, &NoSleep).await;
        expired.unwrap();
        let events = ListRequest::default();
        assert!(live.events().list(&events).await.unwrap().data.is_empty());
    });
    filled.leaves_live_as_it_is();
}
