//! A transport for the cases of deliveries: it keeps what was sent, and answers as the case says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use async_trait::async_trait;
use relm_core::engine::{Crm, DispatchOptions, Dispatcher, Scoped, Sleeper};
use relm_core::record::{Delivery, Webhook};
use relm_core::value::id::{Id, Kind};
use relm_core::webhook::{Answer, Message, Schedule, SendError, Transport};

use super::acme::Acme;
use crate::simulation::yield_times;

/// How often a case polls for what it waits for: more than any needs.
pub(crate) const POLLS_MAX: usize = 10_000_000;

/// What a case answers to a message, given all that were sent; none yet, to be asked again.
type Answers = dyn Fn(&Message, &[Message]) -> Option<u16> + Send + Sync;

/// What was sent, and what is answered.
pub(crate) struct MockTransport {
    answers: Box<Answers>,
    sent: Mutex<Vec<Message>>,
}

impl MockTransport {
    pub fn new(
        answers: impl Fn(&Message, &[Message]) -> Option<u16> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            answers: Box::new(answers),
            sent: Mutex::default(),
        })
    }

    /// Answers everything with this status.
    pub fn always(status: u16) -> Arc<Self> {
        Self::new(move |_, _| Some(status))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent, in order.
    pub fn sent(&self) -> Vec<Message> {
        self.lock().clone()
    }

    /// A dispatcher that sends through here, at most twice.
    pub fn dispatcher(self: &Arc<Self>, crm: &Crm) -> Dispatcher {
        self.dispatcher_of(crm, DispatchOptions::default())
    }

    /// The same, with other options than usual.
    pub fn dispatcher_of(self: &Arc<Self>, crm: &Crm, options: DispatchOptions) -> Dispatcher {
        let minute = std::time::Duration::from_secs(60);
        let schedule = Schedule::new([std::time::Duration::ZERO, minute]);
        let options = DispatchOptions {
            schedule: schedule.expect("it begins at once"),
            ..options
        };
        Dispatcher::new(crm.clone(), Shared(Arc::clone(self)), options)
    }
}

struct Shared(Arc<MockTransport>);

#[async_trait]
impl Transport for Shared {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        self.0.lock().push(message.clone());
        for _ in 0..POLLS_MAX {
            let status = (self.0.answers)(&message, &self.0.lock());
            if let Some(status) = status {
                return Ok(Answer::new(status));
            }
            // The store may need the thread that this one polls on.
            thread::yield_now();
            yield_times(1).await;
        }
        panic!("the answer to a message never came");
    }
}

/// A header field of a message.
pub(crate) fn header<'a>(message: &'a Message, name: &str) -> &'a str {
    let mut named = message.headers.iter().filter(|(other, _)| *other == name);
    named.next().map_or("", |(_, value)| value)
}

/// Sleep that takes no time.
pub(crate) struct NoSleep;

#[async_trait]
impl Sleeper for NoSleep {
    async fn sleep(&self, _: std::time::Duration) {}
}

/// Every delivery, oldest first.
pub(crate) async fn deliveries(acme: &Acme, store: &crate::Subject) -> Vec<Delivery> {
    let documents = acme.all(store, Kind::Delivery).await.into_iter().rev();
    let decode =
        |document: relm_core::record::Document| document.decode().expect("it is a delivery");
    documents.map(decode).collect()
}

/// An endpoint as it is.
pub(crate) async fn webhook(scoped: &Scoped, id: Id) -> Webhook {
    let found = scoped.webhooks().get(id).await.expect("the store reads");
    found.expect("the endpoint is there")
}
