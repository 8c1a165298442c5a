//! An endpoint that a test scripts, and that knows who knocked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use relm_server::webhooks::Resolve;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// Long enough for whatever must happen, on a machine that does much else.
pub const MOMENT: Duration = Duration::from_secs(20);

/// Loopback, where endpoints listen.
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Another address of loopback, which stands for a public one when the operator's list holds it.
pub const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A listener that counts its connections and treats each as its script says.
pub struct Endpoint {
    pub address: SocketAddr,
    peers: watch::Receiver<Vec<SocketAddr>>,
    ended: mpsc::UnboundedReceiver<()>,
}

impl Endpoint {
    pub async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(SocketAddr::new(LOOPBACK, 0)).await;
        Self::on(listener.unwrap(), script)
    }

    /// An endpoint at a socket that is bound already.
    pub fn on<F, Fut>(listener: TcpListener, script: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let (seen, peers) = watch::channel(Vec::new());
        let (end, ended) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                seen.send_modify(|peers| peers.push(peer));
                let served = script(stream);
                let end = end.clone();
                tokio::spawn(async move {
                    served.await;
                    // The test may be over.
                    let _ = end.send(());
                });
            }
        });
        Self {
            address,
            peers,
            ended,
        }
    }

    /// An endpoint that answers each request of a connection with `answer`.
    pub async fn answering(answer: &'static str) -> Self {
        Self::start(move |stream| answer_all(stream, answer)).await
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// How many connections there were. A connection of its own comes last in the queue: once it is accepted, all that
    /// were begun before are.
    pub async fn connections(mut self) -> usize {
        let knock = TcpStream::connect(self.address).await.unwrap();
        let own = knock.local_addr().unwrap();
        let peers = self.peers.wait_for(|peers| peers.contains(&own));
        let peers = timeout(MOMENT, peers).await.unwrap().unwrap();
        peers.iter().position(|peer| *peer == own).unwrap()
    }

    /// Waits until the script of a connection has ended.
    pub async fn ended(&mut self) {
        timeout(MOMENT, self.ended.recv()).await.unwrap().unwrap();
    }
}

/// One free port at [`LOOPBACK`] and at [`OTHER`], held at both. Nothing listens: it refuses connections.
pub fn one_port() -> (TcpSocket, TcpSocket) {
    loop {
        let sockets = (TcpSocket::new_v4().unwrap(), TcpSocket::new_v4().unwrap());
        sockets.0.bind(SocketAddr::new(LOOPBACK, 0)).unwrap();
        let port = sockets.0.local_addr().unwrap().port();
        if sockets.1.bind(SocketAddr::new(OTHER, port)).is_ok() {
            return sockets;
        }
    }
}

pub async fn answer_all(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
    while read_request(&mut stream).await.is_some() {
        if stream.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
    }
}

/// Reads one request, head and body; none when the client is gone.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut heard = Vec::new();
    loop {
        if let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&heard[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if heard.len() == end + 4 + length {
                return String::from_utf8(heard).ok();
            }
        }
        match stream.read_buf(&mut heard).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Waits until the client is gone.
pub async fn outlast(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

/// A resolver that answers by the name and by how many questions came before.
pub struct Scripted<F>(F, std::sync::atomic::AtomicUsize);

impl<F> Scripted<F> {
    pub fn new(script: F) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self(script, 0.into()))
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.1.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl<F> Resolve for Scripted<F>
where
    F: Fn(&str, usize) -> Vec<IpAddr> + Send + Sync + 'static,
{
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let before = self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok((self.0)(name, before))
    }
}
