//! One attempt over the network: a request, within its time, and what came back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use relm_core::value::time::SystemClock;
use relm_core::webhook::{ANSWER_BYTES_MAX, Answer, Message, SendError, Transport};
use relm_core::{Clock, Mode};
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};

use super::deadline::{self, Bounded};
use super::guard::Guard;
use super::options::TransportOptions;
use super::reach::Rules;
use super::retry_after;
use super::send_error;
use super::target::Target;
use super::trust::{self, TrustError};

/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Idle connections that are kept for one endpoint's host.
const IDLE_PER_HOST_MAX: usize = 4;
/// How long an idle connection is kept: longer than a burst of events lasts, shorter than most servers keep theirs.
const IDLE_TIME_MAX: Duration = Duration::from_secs(20);
/// The longest timeout that is kept to, far beyond any in use: clocks overflow at some point.
const TIMEOUT_MAX: Duration = Duration::from_secs(60 * 60);

const AGENT: &str = concat!(
    "Relm/",
    env!("CARGO_PKG_VERSION"),
    " (+",
    env!("CARGO_PKG_REPOSITORY"),
    ")"
);

/// Sends over HTTP/1.1, by HTTPS or, where the mode or the operator allows it, in plain. Needs a Tokio runtime.
///
/// - It connects to public addresses, in test mode to loopback too where [`TransportOptions::allow_loopback`] says so, and to what [`TransportOptions::allow_nets`] holds:
///   the address of the socket is what is checked, of the same look-up. No proxy is asked, whatever the environment says.
/// - One deadline covers the look-up, connecting, TLS, the request and the answer. Once an answer's head is here its
///   status counts, with as much of its body as came in time.
/// - A redirect is an answer. Nothing is decompressed. After [`ANSWER_BYTES_MAX`] bytes of a body the connection is closed.
/// - Connections are kept and used again, for [`TransportOptions::connection_time`] at most: checked when they were made, for one host, by one mode.
pub struct HttpTransport {
    /// A pool for each mode: what test mode may connect to must never serve live mode.
    live: Pool,
    test: Pool,
    clock: Arc<dyn Clock>,
}

type Connector = Bounded<HttpsConnector<Guard>>;
type HttpClient = Client<Connector, Full<Bytes>>;

impl HttpTransport {
    /// A transport that keeps to these options.
    ///
    /// # Errors
    /// [`TrustError`] where the file of root certificates is of no use.
    pub fn new(options: TransportOptions) -> Result<Self, TrustError> {
        let roots = trust::roots(options.ca_file.as_deref())?;
        Ok(Self {
            live: Pool::new(Mode::Live, &options, &roots),
            test: Pool::new(Mode::Test, &options, &roots),
            clock: Arc::new(SystemClock),
        })
    }

    /// The same transport, by whose clock a date in `Retry-After` is so long away. Default: that of the operating system.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        let deadline = Instant::now() + message.timeout.min(TIMEOUT_MAX);
        let pool = match message.mode {
            Mode::Live => &self.live,
            Mode::Test => &self.test,
        };
        let asking = pool.client().request(request(&message)?);
        let response = timeout_at(deadline, deadline::within(deadline, asking))
            .await
            .map_err(|_| SendError::TimedOut)?
            .map_err(|error| send_error::of(&error))?;
        let (head, body) = response.into_parts();
        let mut answer = Answer::new(head.status.as_u16());
        answer.retry_after = head
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after::parse(value, self.clock.now()));
        answer.body = read(body, deadline).await;
        Ok(answer)
    }
}

/// The connections of one mode.
struct Pool {
    connector: Connector,
    time_max: Duration,
    /// Since when connections are made for it, and who keeps them.
    current: Mutex<(Instant, HttpClient)>,
}

impl Pool {
    fn new(mode: Mode, options: &TransportOptions, roots: &Arc<RootCertStore>) -> Self {
        let connector = connector(mode, options, roots);
        let current = Mutex::new((Instant::now(), client(connector.clone())));
        Self {
            connector,
            time_max: options.connection_time,
            current,
        }
    }

    /// The client that keeps connections, or a new one where it has for long enough: what is under way on the old one goes
    /// on, what is idle is closed.
    fn client(&self) -> HttpClient {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, kept) = &mut *current;
        if since.elapsed() >= self.time_max {
            *since = Instant::now();
            *kept = client(self.connector.clone());
        }
        kept.clone()
    }
}

fn connector(mode: Mode, options: &TransportOptions, roots: &Arc<RootCertStore>) -> Connector {
    let guard = Guard::new(Rules::new(mode, options), Arc::clone(&options.resolver));
    let tls = trust::client_config(roots);
    Bounded(HttpsConnector::new(
        guard,
        tls,
        false,
        Arc::new(trust::server_name),
    ))
}

fn client(connector: Connector) -> HttpClient {
    // Without a timer of its own, the pool forgets an idle connection only when its host is asked again.
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIME_MAX)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .http1_max_buf_size(HEAD_BYTES_MAX)
        .build(connector)
}

/// The request of a message. What is wrong with its URL in itself is said here, before anything is asked.
fn request(message: &Message) -> Result<Request<Full<Bytes>>, SendError> {
    let not_a_url = || SendError::Failed("not a URL".to_owned());
    let uri: Uri = message.url.parse().map_err(|_| not_a_url())?;
    Target::of(&uri).map_err(send_error::of_url)?;
    let body = Bytes::copy_from_slice(message.body.as_bytes());
    let length = body.len();
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, value) in &message.headers {
        let not_a_header = || SendError::Failed(format!("`{name}` cannot be sent as a header"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_a_header())?;
        let value = HeaderValue::from_str(value).map_err(|_| not_a_header())?;
        headers.insert(name, value);
    }
    headers.insert(CONTENT_LENGTH, length.into());
    Ok(request)
}

/// What comes of a body until it ends, breaks off, is late or is more than we read. Dropping a body that has not ended
/// closes its connection.
async fn read(mut body: Incoming, deadline: Instant) -> Vec<u8> {
    let mut kept = Vec::new();
    while kept.len() < ANSWER_BYTES_MAX && !body.is_end_stream() {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await else {
            break;
        };
        // What is no data is a trailer, and ends the body.
        if let Some(data) = frame.data_ref() {
            let room = ANSWER_BYTES_MAX - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    kept
}
