//! A server whose handler does what the paths say, and the hearing of what it answers.

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use relm_server::serve::{
    Admission, Allowance, AnswerMemory, AnswerSize, BodyType, Handler, Head, Limits, LiveBody,
    Peer, Refusal, Tenant, serve,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough for anything that should happen; a test that waits for it fails.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Short enough to wait out: for what should not happen, and as an injected limit.
pub const MOMENT: Duration = Duration::from_millis(80);
/// Bytes of a body on any path but `/large`.
const BODY_BYTES_MAX: usize = 1024;
/// Bytes of a body on `/large`.
pub const LARGE_BODY_BYTES_MAX: usize = 256 * 1024;
/// Bytes of what `/huge` answers: more than the sockets of both sides hold.
pub const HUGE_BYTES: usize = 32 * 1024 * 1024;

/// A handler whose paths do what their names say.
pub struct Probe {
    /// A permit for each request that reached a handler.
    pub entered: Semaphore,
    /// `/wait`, `/large` and, before it is admitted, `/judged` take one to go on.
    pub gate: Semaphore,
    /// A permit for each `/wait` and `/judged` that was carried through.
    pub finished: Semaphore,
    /// A permit for each `/wait` and `/judged` that was dropped before that.
    pub dropped: Semaphore,
    /// `/batch` takes a thread until it hears of this.
    pub release: std::sync::mpsc::Sender<()>,
    hold: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

/// A handler that waits, or one that judges and does.
struct Waiting<'a> {
    probe: &'a Probe,
    is_finished: bool,
}

impl<'a> Waiting<'a> {
    fn new(probe: &'a Probe) -> Self {
        Self {
            probe,
            is_finished: false,
        }
    }

    /// Until the gate lets it pass.
    async fn pass(mut self) {
        self.probe.gate.acquire().await.unwrap().forget();
        self.is_finished = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        match self.is_finished {
            true => self.probe.finished.add_permits(1),
            false => self.probe.dropped.add_permits(1),
        }
    }
}

impl Handler for Probe {
    type Call = ();

    async fn admit(&self, head: &Parts, _: Peer) -> Result<Admission<()>, Response<Bytes>> {
        if head.uri.path() == "/forbidden" {
            let mut response = Response::new(Bytes::from_static(b"forbidden"));
            *response.status_mut() = StatusCode::FORBIDDEN;
            return Err(response);
        }
        assert!(
            head.uri.path() != "/judged/panic",
            "as asked; the test goes on"
        );
        if head.uri.path() == "/judged" {
            self.entered.add_permits(1);
            Waiting::new(self).pass().await;
        }
        // `/large?7` is of tenant 7.
        let tenant = head.uri.query().map_or(Ok(0), str::parse).unwrap();
        let (body_bytes_max, answer) = match head.uri.path() {
            "/large" | "/echo" => (LARGE_BODY_BYTES_MAX, AnswerSize::Small),
            "/huge" => (BODY_BYTES_MAX, AnswerSize::Large),
            "/batch" | "/batch/panic" => (BODY_BYTES_MAX, AnswerSize::Batch),
            _ => (BODY_BYTES_MAX, AnswerSize::Small),
        };
        let allowance = (head.uri.path() != "/open").then_some(Allowance {
            tenant: Tenant(tenant),
            body_bytes_max,
            body: BodyType::Json,
            answer,
        });
        Ok(Admission {
            call: (),
            allowance,
        })
    }

    async fn handle(&self, (): (), head: Head, body: Bytes) -> Response<Bytes> {
        self.entered.add_permits(1);
        match head.uri.path() {
            "/wait" | "/large" => {
                Waiting::new(self).pass().await;
                Response::new(Bytes::from_static(b"waited"))
            }
            "/huge" => Response::new(Bytes::from_static(&[b'x'; HUGE_BYTES])),
            "/panic" | "/batch/panic" => panic!("as asked; the test goes on"),
            "/batch" => {
                // What waits, goes on; what does not wait, holds nobody up.
                self.gate.acquire().await.unwrap().forget();
                self.hold.lock().unwrap().recv().unwrap();
                Response::new(Bytes::from_static(b"batch"))
            }
            _ => Response::new(body),
        }
    }

    async fn follow(
        &self,
        (): (),
        _: Head,
        _: AnswerMemory,
    ) -> Result<Response<LiveBody>, Response<Bytes>> {
        Err(Response::new(Bytes::from_static(
            b"nothing is followed here",
        )))
    }

    fn complete(&self, _: Option<&HeaderValue>, _: &mut HeaderMap) {}

    fn refuse(&self, refusal: Refusal, _: Option<()>) -> Response<Bytes> {
        let status = match refusal {
            Refusal::BadRequest(_) => StatusCode::BAD_REQUEST,
            Refusal::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Refusal::UriTooLong(_) => StatusCode::URI_TOO_LONG,
            Refusal::HeadTooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Refusal::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::PanickedInChange => StatusCode::BAD_GATEWAY,
        };
        let mut response = Response::new(Bytes::from_static(b"refused"));
        *response.status_mut() = status;
        response
    }
}

/// A server on a port of its own.
pub struct Server {
    pub address: SocketAddr,
    pub probe: Arc<Probe>,
    pub stop: oneshot::Sender<()>,
    pub drained: JoinHandle<bool>,
}

impl Server {
    pub async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (release, hold) = std::sync::mpsc::channel();
        let probe = Arc::new(Probe {
            release,
            hold: hold.into(),
            entered: Semaphore::new(0),
            gate: Semaphore::new(0),
            finished: Semaphore::new(0),
            dropped: Semaphore::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let drained = tokio::spawn(serve(listener, probe.clone(), limits, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            probe,
            stop,
            drained,
        }
    }

    pub async fn connect(&self) -> TcpStream {
        within(TcpStream::connect(self.address)).await.unwrap()
    }

    /// A connection on which `text` was sent.
    pub async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// All that the server says to `text` until it closes the connection.
    pub async fn ask(&self, text: &str) -> String {
        let mut stream = self.send(text).await;
        hear(&mut stream).await
    }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// Waits for a permit, and takes it.
pub async fn take(semaphore: &Semaphore) {
    within(semaphore.acquire()).await.unwrap().forget();
}

/// Everything until the end of the connection.
pub async fn hear(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match within(stream.read_to_end(&mut bytes)).await {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes.extend(b" (reset)"),
        Err(error) => panic!("{error}"),
    }
    String::from_utf8(bytes).unwrap()
}

/// One answer without a body to speak of, on a connection that stays open.
pub async fn hear_one(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 1024];
    let read = within(stream.read(&mut bytes)).await.unwrap();
    String::from_utf8(bytes[..read].to_vec()).unwrap()
}

#[track_caller]
pub fn assert_answer(answer: &str, status: u16, to: &str) {
    let to: String = to.chars().take(200).collect();
    let right = answer.split(' ').nth(1) == Some(&status.to_string());
    assert!(
        right,
        "{status} was expected to\n{to}\nbut there came\n{answer}"
    );
    assert!(!answer.ends_with("(reset)"), "reset after {to}");
}
