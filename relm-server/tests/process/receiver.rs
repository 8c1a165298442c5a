//! A receiver of webhooks on a socket of its own, which keeps what it was sent.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What came for one event.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub bodies: HashSet<String>,
    pub deliveries: HashSet<String>,
    /// How often it was answered with success.
    pub taken: usize,
}

pub struct Receiver {
    pub address: SocketAddr,
    pub requests: Arc<AtomicUsize>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    events: HashMap<String, Received>,
    last: Option<Request>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Receiver {
    /// A receiver that answers its nth request with a status, or with none hangs until the sender gives up.
    pub fn start(script: impl Fn(usize) -> Option<u16> + Send + Sync + 'static) -> Self {
        let requests = Arc::<AtomicUsize>::default();
        let seen = Arc::<Mutex<Seen>>::default();
        let (count, keep) = (requests.clone(), seen.clone());
        let address = listen(move |stream| serve(stream, &script, &count, &keep));
        Self {
            address,
            requests,
            seen,
        }
    }

    /// A receiver that reads one request of a connection and answers in its own way.
    pub fn raw(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let requests = Arc::<AtomicUsize>::default();
        let count = requests.clone();
        let address = listen(move |stream| {
            let mut stream = BufReader::new(stream);
            if read(&mut stream).is_some() {
                count.fetch_add(1, Ordering::SeqCst);
                answer(stream.get_mut());
            }
        });
        Self {
            address,
            requests,
            seen: Arc::default(),
        }
    }

    pub fn last_request(&self) -> Request {
        self.lock().last.clone().expect("something came")
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub fn events(&self) -> HashMap<String, Received> {
        self.lock().events.clone()
    }

    pub fn taken(&self) -> usize {
        self.events()
            .values()
            .filter(|event| event.taken > 0)
            .count()
    }
}

/// Serves each connection on a thread of its own, for as long as the test's process lives.
fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// Serves a connection until it ends, which it does whenever the sender is killed.
fn serve(
    stream: TcpStream,
    script: &impl Fn(usize) -> Option<u16>,
    requests: &AtomicUsize,
    seen: &Mutex<Seen>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        let status = script(requests.fetch_add(1, Ordering::SeqCst));
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let header = |name: &str| request.headers[name].clone();
        let event = seen.events.entry(header("webhook-id")).or_default();
        event.bodies.insert(request.body.clone());
        event.deliveries.insert(header("relm-delivery-id"));
        event.taken += usize::from(status == Some(200));
        seen.last = Some(request);
        drop(seen);
        let Some(status) = status else {
            // Nothing comes until the sender hangs up.
            let _ = stream.read(&mut [0]);
            return;
        };
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok");
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut headers = HashMap::new();
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        line.clear();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    Some(Request { headers, body })
}
