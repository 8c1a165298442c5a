//! Sockets: accepting connections, giving each request to its handler, and ending in order.
//!
//! A request is checked by its head first: what hyper lets through and an API must not is refused in `receive.rs`, what a
//! caller may not do by [`Handler::admit`]. Until then none of its body is asked for (nor `100 Continue` sent), and no
//! memory is taken for it. What a request means is the [`Handler`]'s. A read whose client is gone is dropped
//! (`presence.rs` finds out who is gone); a write goes on in a task of its own, within bounds (`running.rs`, `unattended.rs`).
//!
//! Architecture invariant: whatever takes memory or time for a request holds its connection's place until it ends, so
//! [`Limits`] bounds handlers whose clients left, too, and all places free means that nothing runs. Bodies and answers
//! hold their bytes of a budget (`memory.rs`) for as long as they are kept.
//!
//! What is not HTTP at all (a torn head, more than [`Limits::headers_max`] headers) hyper answers itself, with a bare
//! 400, 414 or 431, and closes.

mod answer;
mod answer_size;
mod connection;
mod file;
mod handler;
mod limits;
mod listening;
mod live;
mod memory;
mod own_thread;
mod peers;
mod presence;
mod receive;
mod running;
mod stream;
mod unattended;

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HeaderValue, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use self::answer::AnswerBody;
pub use self::answer_size::AnswerSize;
use self::connection::{Connection, Stage};
use self::file::{IncomingFile, check_file};
pub use self::handler::{Admission, Allowance, BodyType, FileBody, Handler, Head, Refusal};
pub use self::limits::{CONNECTIONS_PER_PEER_MAX_DEFAULT, Limits};
use self::listening::{accept_failed, bound_unsent};
use self::live::until_over;
pub use self::live::{LiveBody, LivePiece};
use self::memory::Budgets;
pub use self::memory::{AnswerMemory, MemoryPermit, Tenant};
pub(crate) use self::own_thread::on_own_thread;
pub use self::peers::Peer;
use self::peers::Peers;
use self::presence::Socket;
use self::receive::{BodyMemory, BodyPermit, Received, check_head, receive};
use self::running::{Acceptance, Ended, Running};
pub use self::stream::Pace;
use self::stream::Stream;
use self::unattended::Unattended;

/// Headers of a request that hyper takes by default. Given the same, it fills two tables of so many places
/// anew for each request.
const HYPER_HEADERS_MAX: usize = 100;

/// The least that hyper takes as the most that it buffers.
const BUFFER_BYTES_MIN: usize = 8 * 1024;

/// What every connection needs.
struct Shared<H> {
    handler: Arc<H>,
    limits: Limits,
    bodies: BodyMemory,
    answers: Arc<Budgets>,
    peers: Arc<Peers>,
    unattended: Unattended,
}

/// Serves until `shutdown`, then lets what is open end; whether all of it did before the deadline.
///
/// After the deadline connections are cut off, and reads with them. Writes are not: those that still run end with the
/// runtime, or by [`Limits::unattended_write_time`].
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let drain_timeout = limits.drain_timeout;
    let places_max = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(places_max as usize));
    let (stage, _) = watch::channel(Stage::Serving);
    let wait_max = limits.memory_timeout;
    let shared = Arc::new(Shared {
        handler,
        bodies: BodyMemory::new(
            limits.body_bytes_in_flight_max,
            limits.body_timeout,
            wait_max,
        ),
        answers: Arc::new(Budgets::new(limits.answer_bytes_in_flight_max, wait_max)),
        peers: Peers::new(limits.connections_per_peer_max),
        unattended: Unattended::new(limits.unattended_writes_max, limits.unattended_write_time),
        limits,
    });
    bound_unsent(&listener);
    tokio::select! {
        () = accept(&listener, &shared, &places, &stage) => {}
        () = shutdown => {}
    }
    drop(listener);
    stage.send_replace(Stage::Draining);
    let drained = timeout(drain_timeout, places.acquire_many(places_max)).await;
    stage.send_replace(Stage::Ended);
    drained.is_ok()
}

/// Accepts connections, for as long as it is polled.
async fn accept<H: Handler>(
    listener: &TcpListener,
    shared: &Arc<Shared<H>>,
    places: &Arc<Semaphore>,
    stage: &watch::Sender<Stage>,
) {
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        let (tcp, peer, counted) = loop {
            match listener.accept().await {
                Ok((tcp, address)) => {
                    let peer = Peer::from(address.ip());
                    // One connection too many is closed by being dropped.
                    match shared.peers.count(peer) {
                        Some(counted) => break (tcp, peer, counted),
                        None => shared.peers.log_excess(peer),
                    }
                }
                Err(error) => accept_failed(&error).await,
            }
        };
        let connection = Connection {
            peer,
            unread: AtomicBool::new(false),
            stage: stage.subscribe(),
            _place: place,
            _counted: counted,
        };
        let shared = Arc::clone(shared);
        let stage = stage.subscribe();
        tokio::spawn(serve_connection(shared, Arc::new(connection), tcp, stage));
    }
}

/// Serves one connection to its end.
async fn serve_connection<H: Handler>(
    shared: Arc<Shared<H>>,
    connection: Arc<Connection>,
    tcp: TcpStream,
    mut stage: watch::Receiver<Stage>,
) {
    // An answer is one write: waiting to fill a segment would only delay it.
    let _ = tcp.set_nodelay(true);
    let limits = &shared.limits;
    let socket = Arc::new(Socket::new(tcp));
    let stream = Stream::new(
        Arc::clone(&socket),
        Arc::clone(&connection),
        limits.answer_pace,
    );
    let service = service_fn(|request| {
        let (shared, connection) = (Arc::clone(&shared), Arc::clone(&connection));
        let socket = Arc::clone(&socket);
        async move { Ok::<_, Infallible>(respond(shared, connection, socket, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        // A little more than the limit, so that a head over it is still read, and refused in our own words.
        .max_buf_size(limits.head_bytes_max + BUFFER_BYTES_MIN)
        // Who closed only the sending half still wants the answer.
        .half_close(true);
    if limits.headers_max != HYPER_HEADERS_MAX {
        http.max_headers(limits.headers_max);
    }
    let serving = http.serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        // Errors are the peer's: it hung up, or sent what is not HTTP, and was answered if it could be.
        _ = serving.as_mut() => return,
        _ = stage.wait_for(|stage| *stage >= Stage::Draining) => {}
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        _ = serving => {}
        _ = stage.wait_for(|stage| *stage >= Stage::Ended) => {}
    }
}

/// Answers one request, panics included.
async fn respond<H: Handler>(
    shared: Arc<Shared<H>>,
    connection: Arc<Connection>,
    socket: Arc<Socket>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (head, body) = request.into_parts();
    let head = Head::new(head);
    let origin = head.headers.get(ORIGIN).cloned();
    let (is_safe, version) = (head.method.is_safe(), head.version);
    let acceptance = Acceptance::default();
    let answering = answer(
        Arc::clone(&shared),
        connection,
        // What goes on without its client does not hold its socket.
        Arc::downgrade(&socket),
        acceptance.clone(),
        head,
        body,
    );
    let unattended = &shared.unattended;
    let running = Running::new(Box::pin(answering), is_safe, acceptance.clone(), unattended);
    let gone = || socket.client_gone(version, shared.limits.presence_interval);
    let mut response = match running.attended(gone).await {
        Ended::Answered(response) => response,
        // The panic hook has logged it.
        Ended::Panicked => {
            let refusal = match is_safe || !acceptance.is_given() {
                true => Refusal::Panicked,
                false => Refusal::PanickedInChange,
            };
            let refused = shared.handler.refuse(refusal, None);
            refused.map(|bytes| AnswerBody::new(bytes, None))
        }
        // There is nobody to answer: writing this fails, and ends the connection.
        Ended::ClientGone => Response::new(AnswerBody::new(Bytes::new(), None)),
    };
    let headers = response.headers_mut();
    shared.handler.complete(origin.as_ref(), headers);
    response
}

/// Checks a request's head, then reads and handles it.
async fn answer<H: Handler>(
    shared: Arc<Shared<H>>,
    connection: Arc<Connection>,
    socket: Weak<Socket>,
    acceptance: Acceptance,
    head: Head,
    body: Incoming,
) -> Response<AnswerBody> {
    let has_body = !body.is_end_stream();
    let admitted = match check_head(&head, &shared.limits) {
        Ok(()) => shared.handler.admit(&head, connection.peer).await,
        Err(refusal) => return close_after(&connection, shared.handler.refuse(refusal, None)),
    };
    let Admission { call, allowance } = match admitted {
        Ok(admission) => admission,
        Err(refused) if has_body => return close_after(&connection, refused),
        Err(refused) => return refused.map(|bytes| AnswerBody::new(bytes, None)),
    };
    let Some(allowance) = allowance else {
        let response = shared.handler.handle(call, head, Bytes::new()).await;
        return match has_body {
            true => close_after(&connection, response),
            false => response.map(|bytes| AnswerBody::new(bytes, None)),
        };
    };
    if let AnswerSize::Live | AnswerSize::Download = allowance.answer {
        let following = follow(
            &shared,
            &connection,
            socket,
            (call, allowance),
            head,
            has_body,
        );
        return Box::pin(following).await;
    }
    if let BodyType::File = allowance.body {
        let receiving = receive_file(
            &shared,
            &connection,
            (call, allowance),
            head,
            body,
            acceptance,
        );
        return Box::pin(receiving).await;
    }
    let (body, body_memory) = match receive(&shared.bodies, &allowance, &head, body).await {
        Ok(Received { bytes, memory }) => (bytes, memory),
        Err(refusal) => {
            return close_after(&connection, shared.handler.refuse(refusal, Some(call)));
        }
    };
    acceptance.give();
    handle(shared, (call, allowance), (head, body), body_memory).await
}

/// Answers a request that was read whole, once there is memory for its answer.
async fn handle<H: Handler>(
    shared: Arc<Shared<H>>,
    (call, allowance): (H::Call, Allowance),
    (head, body): (Head, Bytes),
    body_memory: BodyPermit,
) -> Response<AnswerBody> {
    let budget = match allowance.answer {
        AnswerSize::Small | AnswerSize::Live | AnswerSize::Download => &shared.answers.small,
        AnswerSize::Large | AnswerSize::Batch => &shared.answers.large,
    };
    let expected = answer_size::expected_bytes(allowance.answer);
    let Some(mut memory) = budget.acquire(allowance.tenant, expected).await else {
        let refused = shared.handler.refuse(Refusal::Busy, Some(call));
        return refused.map(|bytes| AnswerBody::new(bytes, None));
    };
    let handler = Arc::clone(&shared.handler);
    // Begun where it is awaited, so that it is not moved there.
    let handling = move || async move {
        let response = handler.handle(call, head, body).await;
        drop(body_memory);
        // An answer that is larger than expected and finds no room is sent all the same: it is made already.
        memory.resize(response.body().len());
        response.map(|bytes| AnswerBody::new(bytes, Some(memory)))
    };
    match allowance.answer {
        AnswerSize::Batch => on_own_thread(Box::pin(handling())).await,
        AnswerSize::Small | AnswerSize::Large | AnswerSize::Live | AnswerSize::Download => {
            handling().await
        }
    }
}

/// Begins to answer a request whose answer goes on, or is made while it is read.
async fn follow<H: Handler>(
    shared: &Arc<Shared<H>>,
    connection: &Connection,
    socket: Weak<Socket>,
    (call, allowance): (H::Call, Allowance),
    head: Head,
    has_body: bool,
) -> Response<AnswerBody> {
    let memory = AnswerMemory::new(Arc::clone(&shared.answers), allowance.tenant);
    match shared.handler.follow(call, head, memory).await {
        Ok(response) => {
            let stage = connection.stage.clone();
            let ends_early = allowance.answer == AnswerSize::Live;
            response.map(|live| AnswerBody::live(until_over(live, stage, socket, ends_early)))
        }
        Err(refused) if has_body => close_after(connection, refused),
        Err(refused) => refused.map(|bytes| AnswerBody::new(bytes, None)),
    }
}

/// Answers a request whose body is taken in as it arrives.
async fn receive_file<H: Handler>(
    shared: &Arc<Shared<H>>,
    connection: &Connection,
    (call, allowance): (H::Call, Allowance),
    head: Head,
    body: Incoming,
    acceptance: Acceptance,
) -> Response<AnswerBody> {
    let memory = match check_file(&shared.bodies, &allowance, &head, &body).await {
        Ok(memory) => memory,
        Err(refusal) => {
            return close_after(connection, shared.handler.refuse(refusal, Some(call)));
        }
    };
    let file = IncomingFile::new(body, &shared.limits, allowance.body_bytes_max, acceptance);
    let is_whole = file.is_whole();
    let response = shared.handler.receive(call, head, file.pieces()).await;
    drop(memory);
    match is_whole.load(Ordering::Relaxed) {
        true => response.map(|bytes| AnswerBody::new(bytes, None)),
        false => close_after(connection, response),
    }
}

/// A response after which the connection is closed, since what is left of the body is not worth reading.
fn close_after(connection: &Connection, mut response: Response<Bytes>) -> Response<AnswerBody> {
    connection.unread.store(true, Ordering::Relaxed);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response.map(|bytes| AnswerBody::new(bytes, None))
}
