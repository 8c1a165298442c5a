//! What the pooled store does where something breaks, where many migrate at once, where a right is missing, and where several
//! processes share a database: on PostgreSQL and on MariaDB.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

mod broken;
mod opening;
mod planner;
mod rights;
mod shared;
#[path = "../throwaway/mod.rs"]
mod throwaway;

use relm_core::record::{Document, Entry, EventType};
use relm_core::store::{Batch, Require, Write};
use relm_core::{Id, Kind, Mode, Scope, Timestamp};
use throwaway::Server;

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

const NOW: Timestamp = Timestamp::from_millis(1_782_986_400_000);
const SCOPE: Scope = Scope::new(Id::new(Kind::Workspace, 7), Mode::Live);

/// Makes a test for each server of a function of one.
macro_rules! on_each_server {
    ($($name:ident)*) => {
        mod postgres {
            $(
                #[test_requirements::requires(postgres)]
                #[test]
                fn $name() {
                    super::$name(&crate::POSTGRES);
                }
            )*
        }
        mod mariadb {
            $(
                #[test_requirements::requires(mariadb)]
                #[test]
                fn $name() {
                    super::$name(&crate::MARIADB);
                }
            )*
        }
    };
}
use on_each_server;

fn batch(requires: Vec<Require>, writes: Vec<Write>) -> Batch {
    Batch {
        scope: SCOPE,
        now: NOW,
        requires,
        writes,
    }
}

/// The entry of a delivery to one of three endpoints, due so many milliseconds after now.
fn delivery(n: u128, due: i64) -> Entry {
    let id = Id::new(Kind::Delivery, n);
    let webhook = Id::new(Kind::Webhook, n % 3);
    let event = Id::new(Kind::Event, n);
    let event_type = EventType::all().next().expect("there are types");
    let json = format!(
        r#"{{"id":"{id}","object":"delivery","webhook_id":"{webhook}","event_id":"{event}","event_type":"{}","status":"pending",
        "attempts":[],"next_attempt_at":"{}","replay_of":null,"version":1,"created_at":"{NOW}"}}"#,
        event_type.as_str(),
        NOW.saturating_add_millis(due),
    );
    let json = json.into();
    Document { id, json }
        .into_entry()
        .expect("it is a delivery")
}
