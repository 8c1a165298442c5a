//! Every way in which a client ends, over sockets whose events come when a test lets the runtime look for them.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream as Client};
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::*;

/// Long enough for anything that should happen; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// Until the first look.
const AFTER: Duration = Duration::from_millis(1);

/// A client of HTTP/1.1 that blocks, and the socket on which it is served.
fn connect() -> (Client, Arc<Socket>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = Client::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let (served, _) = listener.accept().unwrap();
    served.set_nonblocking(true).unwrap();
    let served = TcpStream::from_std(served).unwrap();
    (client, Arc::new(Socket::new(served)))
}

/// What looks for the client, as a running request does.
fn look(socket: &Arc<Socket>, version: Version) -> JoinHandle<()> {
    let socket = Arc::clone(socket);
    tokio::spawn(async move { socket.client_gone(version, AFTER).await })
}

async fn assert_found(looking: JoinHandle<()>, case: &str) {
    let found = timeout(PATIENCE, looking).await;
    found
        .unwrap_or_else(|_| panic!("{case}: forgotten"))
        .unwrap();
}

/// Ends as a program that is killed with unread bytes, or whose machine refuses.
fn reset(client: Client) {
    let linger = SockRef::from(&client).set_linger(Some(Duration::ZERO));
    linger.unwrap();
    drop(client);
}

/// Reads what a test expects, off the thread of the runtime.
async fn read(client: &Client, bytes: usize) -> Vec<u8> {
    let mut client = client.try_clone().unwrap();
    let reading = tokio::task::spawn_blocking(move || {
        let mut read = vec![0; bytes];
        client.read_exact(&mut read).map(|()| read)
    });
    reading.await.unwrap().unwrap()
}

/// Fills what the kernel keeps for a client that does not read.
fn fill(socket: &Socket) -> usize {
    let kernel = SockRef::from(socket.tcp());
    let mut bytes = 0;
    for size in [64 * 1024, 1] {
        while let Ok(sent) = kernel.send(&vec![b'x'; size]) {
            bytes += sent;
        }
    }
    bytes
}

const VERSIONS: [Version; 2] = [Version::HTTP_10, Version::HTTP_11];

#[tokio::test]
async fn a_reset_is_found_before_the_first_look_and_after_it() {
    for version in VERSIONS {
        let (client, socket) = connect();
        reset(client);
        assert_found(look(&socket, version), "before").await;

        let (client, socket) = connect();
        let looking = look(&socket, version);
        sleep(2 * AFTER).await;
        reset(client);
        assert_found(looking, "after").await;
    }
}

#[tokio::test]
async fn a_reset_whose_error_was_taken_before_its_event_came_is_found() {
    for version in VERSIONS {
        let (client, socket) = connect();
        // The runtime has seen the socket as it was.
        socket.tcp.writable().await.unwrap();
        reset(client);
        // Nothing is awaited between the reset and this: its event, when it comes, tells of no error.
        while socket.tcp.take_error().unwrap().is_none() {}
        assert_found(look(&socket, version), "taken").await;
    }
}

#[tokio::test]
async fn a_reset_is_found_by_a_look_that_its_event_did_not_precede() {
    for version in VERSIONS {
        let (mut client, socket) = connect();
        // The runtime believes that there is something to read, and will not learn otherwise before it tries.
        client.write_all(b"x").unwrap();
        socket.tcp.readable().await.unwrap();
        let kernel = SockRef::from(&socket.tcp);
        assert_eq!((&*kernel).read(&mut [0; 8]).unwrap(), 1);
        reset(client);
        let found = timeout(PATIENCE, socket.found_gone(version, PATIENCE));
        found.await.unwrap_or_else(|_| panic!("{version:?}"));
    }
}

#[tokio::test]
async fn a_client_that_closed_its_connection_is_found_by_what_is_sent_to_it() {
    let (client, socket) = connect();
    drop(client);
    assert_found(look(&socket, Version::HTTP_11), "closed before").await;

    let (client, socket) = connect();
    let looking = look(&socket, Version::HTTP_11);
    sleep(2 * AFTER).await;
    drop(client);
    assert_found(looking, "closed after").await;
}

#[tokio::test]
async fn a_client_that_closed_its_half_is_asked_again_until_it_is_gone() {
    let (client, socket) = connect();
    client.shutdown(Shutdown::Write).unwrap();
    let looking = look(&socket, Version::HTTP_11);
    for _ in 0..3 {
        assert_eq!(read(&client, INTERIM.len()).await, INTERIM);
    }
    assert!(!looking.is_finished(), "it is there");
    // It has read what it was sent, so nothing tells of this but the next answer.
    drop(client);
    assert_found(looking, "left").await;
}

#[tokio::test]
async fn a_client_that_closed_its_half_and_resets_is_found() {
    for version in VERSIONS {
        let (client, socket) = connect();
        client.shutdown(Shutdown::Write).unwrap();
        let looking = look(&socket, version);
        socket.tcp.readable().await.unwrap();
        sleep(2 * AFTER).await;
        reset(client);
        assert_found(looking, "half, then reset").await;
    }
}

#[tokio::test]
async fn an_end_behind_bytes_that_nobody_reads_is_found() {
    for ends_late in [false, true] {
        let (mut client, socket) = connect();
        client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        let looking = match ends_late {
            false => {
                drop(client);
                look(&socket, Version::HTTP_11)
            }
            true => {
                let looking = look(&socket, Version::HTTP_11);
                socket.tcp.readable().await.unwrap();
                sleep(2 * AFTER).await;
                assert!(!looking.is_finished(), "it is there");
                drop(client);
                looking
            }
        };
        assert_found(looking, "pipelined").await;
        let mut unread = [0; 16];
        assert_eq!(
            socket.tcp.try_read(&mut unread).unwrap(),
            16,
            "left as it was"
        );
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_is_sent_nothing() {
    let (client, socket) = connect();
    client.shutdown(Shutdown::Write).unwrap();
    socket.ask(Version::HTTP_10).unwrap();
    client.set_nonblocking(true).unwrap();
    let nothing = (&client).read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn nothing_comes_between_the_parts_of_an_answer() {
    let (client, socket) = connect();
    client.shutdown(Shutdown::Write).unwrap();
    let write = |part: &'static [u8]| {
        let socket = Arc::clone(&socket);
        async move { poll_fn(|cx| socket.poll_write(cx, |tcp| tcp.try_write(part))).await }
    };
    write(b"one").await.unwrap();
    socket.ask(Version::HTTP_11).unwrap();
    write(b"two").await.unwrap();
    socket.flushed();
    socket.ask(Version::HTTP_11).unwrap();
    let whole = read(&client, 6 + INTERIM.len()).await;
    assert_eq!(whole, [b"onetwo", INTERIM].concat());
}

#[tokio::test]
async fn what_is_left_of_an_interim_answer_comes_before_the_answer() {
    let (client, socket) = connect();
    socket.tcp.writable().await.unwrap();
    let cut = |bytes: &[u8]| match bytes.len() {
        25 => socket.tcp.try_write(&bytes[..10]),
        _ => Err(io::ErrorKind::WouldBlock.into()),
    };
    let error = socket.write_interim(cut).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    let answer: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
    let written = poll_fn(|cx| socket.poll_write(cx, |tcp| tcp.try_write(answer)));
    assert_eq!(written.await.unwrap(), answer.len());
    socket.flushed();
    let whole = read(&client, INTERIM.len() + answer.len()).await;
    assert_eq!(whole, [INTERIM, answer].concat());
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_asked_once_it_can_be() {
    let (client, socket) = connect();
    client.shutdown(Shutdown::Write).unwrap();
    socket.tcp.writable().await.unwrap();
    let unread = fill(&socket);
    let looking = look(&socket, Version::HTTP_11);
    sleep(2 * AFTER).await;
    assert!(!looking.is_finished(), "nothing says that it is gone");
    read(&client, unread).await;
    assert_eq!(read(&client, INTERIM.len()).await, INTERIM);
    drop(client);
    assert_found(looking, "left").await;
}
