//! How fast an answer must be read.

use std::time::Duration;

use relm_server::serve::{Limits, Pace};
use tokio::io::AsyncReadExt;

use super::GET_AND_CLOSE;
use super::server::{HUGE_BYTES, MOMENT, Server, assert_answer, take, within};

const HUGE: &str = "GET /huge HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::start(Limits {
        connections_max: 1,
        answer_pace: Pace {
            window_bytes_min: 1,
            window: MOMENT,
        },
        ..Limits::default()
    })
    .await;
    let deaf = server.send(HUGE).await;
    take(&server.probe.entered).await;
    assert_answer(&server.ask(GET_AND_CLOSE).await, 200, GET_AND_CLOSE);
    drop(deaf);
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_cut_off() {
    let server = Server::start(Limits {
        answer_pace: Pace {
            window_bytes_min: HUGE_BYTES,
            window: MOMENT,
        },
        ..Limits::default()
    })
    .await;
    let mut slow = server.send(HUGE).await;
    let mut bytes = vec![0; 16 * 1024];
    let read_on = async {
        loop {
            tokio::time::sleep(MOMENT / 16).await;
            match slow.read(&mut bytes).await {
                Ok(0) => break "ended",
                Ok(_) => {}
                Err(_) => break "reset",
            }
        }
    };
    assert_eq!(within(read_on).await, "reset");
}

#[tokio::test]
async fn a_client_that_keeps_pace_may_take_many_windows() {
    const PIECES: usize = 32;
    let window = Duration::from_millis(300);
    let server = Server::start(Limits {
        answer_pace: Pace {
            window_bytes_min: 1,
            window,
        },
        ..Limits::default()
    })
    .await;
    let mut slow = server.send(HUGE).await;
    let mut bytes = vec![0; HUGE_BYTES / PIECES];
    let mut read = 0;
    // It takes three windows at least.
    for _ in 0..PIECES {
        tokio::time::sleep(3 * window / PIECES as u32).await;
        within(slow.read_exact(&mut bytes)).await.unwrap();
        read += bytes.len();
    }
    read += within(slow.read_to_end(&mut bytes)).await.unwrap();
    assert!(read > HUGE_BYTES, "a head and all of the body");
}
