//! How do I receive webhooks? Take the body as it came, verify it, remember its event, answer at once.
//!
//! The receiver is complete and needs no more than the standard library. The sender beside it stands for `relm-server`:
//! an engine, a dispatcher, and a transport over real sockets. The program ends when it has received all it waited for.

use std::collections::HashSet;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use relm_core::engine::{DispatchOptions, Dispatcher};
use relm_core::record::DeliveryStatus;
use relm_core::webhook::{Answer, Message, Secret, SendError, Transport, verify};
use relm_core::{ContactInput, Crm, ListRequest, Mode, WebhookInput};
use relm_store_memory::MemoryStore;
use serde_json::Value;

/// Seconds that a request may be old or early: longer than a slow network needs, too short to repeat it at leisure.
const TOLERANCE_S: i64 = 300;
/// Far above what an event can have; whoever sends more is not Relm.
const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024;
const HEAD_BYTES_MAX: u64 = 32 * 1024;

/// What an endpoint of yours needs to remember.
struct Receiver {
    /// The `whsec_…` that subscribing the endpoint answered with.
    secret: Secret,
    /// Ids of events that were taken. A real receiver keeps these in its database, in the transaction of what it does.
    taken: HashSet<String>,
}

impl Receiver {
    /// Answers requests until it was sent so many.
    fn serve(&mut self, listener: &TcpListener, requests: usize) -> io::Result<()> {
        for _ in 0..requests {
            let (stream, _) = listener.accept()?;
            // One connection that breaks is no reason to stop: what it carried comes again.
            if let Err(error) = self.answer(stream) {
                println!("lost: {error}");
            }
        }
        Ok(())
    }

    fn answer(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let status = match read_request(&stream)? {
            Some((signature, body)) => self.receive(&signature, &body),
            None => "400 Bad Request",
        };
        let rest = "content-length: 0\r\nconnection: close\r\n\r\n";
        write!(stream, "HTTP/1.1 {status}\r\n{rest}")
    }

    /// Takes the `relm-signature` header and the body byte for byte, and says what to answer.
    fn receive(&mut self, signature: &str, body: &[u8]) -> &'static str {
        // First of all: nothing of the body is looked at before it is known to be Relm's.
        if let Err(error) = verify(
            self.secret.expose(),
            signature,
            body,
            unix_seconds(),
            TOLERANCE_S,
        ) {
            println!("refused: {error}");
            return "401 Unauthorized";
        }
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let (Some(id), Some(kind)) = (event["id"].as_str(), event["type"].as_str()) else {
            return "400 Bad Request";
        };
        // Deliveries come at least once: what was taken before is answered with success, and done no second time.
        if self.taken.insert(id.to_owned()) {
            println!("taken: {kind}, {}", event["data"]["email"]);
        } else {
            println!("taken before: {kind}");
        }
        "204 No Content"
    }
}

/// The signature and the body of a request, if it has both.
fn read_request(stream: &TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut reader = BufReader::new(stream);
    let (mut signature, mut length) = (None, 0);
    let mut head = (&mut reader).take(HEAD_BYTES_MAX);
    let mut line = String::new();
    while head.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "relm-signature" => signature = Some(value.trim().to_owned()),
                "content-length" => length = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
        line.clear();
    }
    let mut body = Vec::new();
    reader
        .take(BODY_BYTES_MAX.min(length))
        .read_to_end(&mut body)?;
    Ok(signature.map(|signature| (signature, body)))
}

fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// POSTs over plain sockets. The transport of `relm-server` speaks TLS and refuses private addresses; this one may not
/// leave the example.
struct PlainHttp;

#[async_trait]
impl Transport for PlainHttp {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        post(&message).map_err(|error| SendError::Failed(error.to_string()))
    }
}

fn post(message: &Message) -> io::Result<Answer> {
    let rest = message.url.strip_prefix("http://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(message.timeout))?;
    let mut request = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in &message.headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n", message.body.len());
    stream.write_all((request + &message.body).as_bytes())?;
    let mut status_line = String::new();
    BufReader::new(stream).read_line(&mut status_line)?;
    let status = status_line.split(' ').nth(1).and_then(|n| n.parse().ok());
    status
        .map(Answer::new)
        .ok_or_else(|| io::Error::other("the answer is no HTTP"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/hooks/relm", listener.local_addr()?);
    pollster::block_on(async {
        // Test mode may name plain http and this machine; live mode may not.
        let crm = Crm::new(MemoryStore::new());
        let workspace = crm.create_workspace("acme").await?;
        let test = crm.open(workspace.id, Mode::Test).await?;
        let endpoint = WebhookInput {
            url: url.into(),
            event_types: vec!["contact.created".to_owned()].into(),
            ..Default::default()
        };
        let webhook = test.webhooks().subscribe(endpoint).await?;
        let mut receiver = Receiver {
            secret: webhook.secret.clone(),
            taken: HashSet::new(),
        };
        let receiving = std::thread::spawn(move || {
            receiver.serve(&listener, 3)?;
            Ok::<_, io::Error>(receiver.taken.len())
        });

        let ada = ContactInput {
            email: "ada@example.com".into(),
            ..Default::default()
        };
        test.contacts().create(ada).await?;
        let dispatcher = Dispatcher::new(crm, PlainHttp, DispatchOptions::default());
        dispatcher.deliver_due().await?;
        // The same event once more, as it comes after an answer that was lost.
        let (webhooks, all) = (test.webhooks(), ListRequest::default());
        let deliveries = webhooks.deliveries(webhook.id, &all).await?;
        webhooks.replay(webhook.id, deliveries.data[0].id).await?;
        dispatcher.deliver_due().await?;
        // And one that nobody signed.
        let mut forged = Message::new(
            webhook.url.as_str(),
            Mode::Test,
            r#"{"id":"evt_1","type":"contact.deleted"}"#,
            Duration::from_secs(5),
        );
        let signature = ("relm-signature".into(), "t=1,v1=00".to_owned());
        forged.headers.push(signature);
        let refused = PlainHttp.send(forged).await?;

        let taken = receiving.join().map_err(|_| "the receiver panicked")??;
        let deliveries = webhooks.deliveries(webhook.id, &all).await?.data;
        for delivery in &deliveries {
            println!("{}: {}", delivery.id, delivery.status);
            assert_eq!(delivery.status, DeliveryStatus::Succeeded);
        }
        assert_eq!((deliveries.len(), taken, refused.status), (2, 1, 401));
        Ok(())
    })
}
