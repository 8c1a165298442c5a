//! Memory that bodies and answers take: bounded, shared by tenants, and given back.

use relm_server::serve::Limits;
use tokio::io::AsyncWriteExt;

use super::server::{
    LARGE_BODY_BYTES_MAX, MOMENT, PATIENCE, Server, assert_answer, hear, hear_one, take, within,
};
use super::{GET_AND_CLOSE, post, post_json};

/// How often a body counts while it is handled.
const HANDLING_FACTOR: usize = 8;

#[tokio::test]
async fn large_bodies_share_a_bounded_memory() {
    let server = Server::start(Limits {
        body_bytes_in_flight_max: LARGE_BODY_BYTES_MAX,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let body = " ".repeat(LARGE_BODY_BYTES_MAX);
    let request = post_json(body.len(), &body).replace("POST /", "POST /large");
    let mut first = server.send(&request).await;
    take(&server.probe.entered).await;
    assert_answer(&server.ask(&request).await, 503, "a second large body");
    let small = post_json(2, "{}").replace("host: a", "host: a\r\nconnection: close");
    assert_answer(&server.ask(&small).await, 200, &small);
    server.probe.gate.add_permits(1);
    assert_answer(&hear_one(&mut first).await, 200, "the first large body");
}

#[tokio::test]
async fn a_small_body_of_undeclared_length_keeps_little_memory() {
    let server = Server::start(Limits {
        // Not enough for two as large as they might be.
        body_bytes_in_flight_max: LARGE_BODY_BYTES_MAX + 4096,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let headers = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let request = post(headers, "2\r\n{}\r\n0\r\n\r\n").replace("POST /", "POST /large");
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(server.send(&request).await);
        take(&server.probe.entered).await;
    }
    server.probe.gate.add_permits(3);
    for mut stream in streams {
        assert_answer(&hear_one(&mut stream).await, 200, &request);
    }
}

#[tokio::test]
async fn small_bodies_share_a_bounded_memory_too() {
    let server = Server::start(Limits {
        // A quarter of it is for small bodies, and half of that for one tenant: two of these.
        body_bytes_in_flight_max: 8 * 2 * HANDLING_FACTOR * 1000,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let request = post_json(1000, &" ".repeat(1000)).replace("POST /", "POST /wait");
    let mut held = Vec::new();
    // The third has the way out.
    for _ in 0..3 {
        held.push(server.send(&request).await);
        take(&server.probe.entered).await;
    }
    assert_answer(&server.ask(&request).await, 503, "a fourth small body");
    server.probe.gate.add_permits(3);
    for mut stream in held {
        assert_answer(&hear_one(&mut stream).await, 200, &request);
    }
}

#[tokio::test]
async fn bodies_that_each_wait_for_more_do_not_wait_for_each_other() {
    const HALF: usize = LARGE_BODY_BYTES_MAX / 2;
    let server = Server::start(Limits {
        // Three quarters of it are for large bodies, and half of that for one tenant: half of each of these.
        body_bytes_in_flight_max: 4 * HALF * 8 / 3,
        memory_timeout: PATIENCE,
        ..Limits::default()
    })
    .await;
    let half = " ".repeat(HALF);
    let request = post_json(LARGE_BODY_BYTES_MAX, &half).replace("POST /", "POST /echo");
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(server.send(&request).await);
    }
    for stream in &mut streams {
        within(stream.write_all(half.as_bytes())).await.unwrap();
    }
    for mut stream in streams {
        assert_answer(&hear_one(&mut stream).await, 200, "each in its turn");
    }
}

#[tokio::test]
async fn a_tenant_that_takes_all_its_memory_leaves_others_theirs() {
    let server = Server::start(Limits {
        body_bytes_in_flight_max: HANDLING_FACTOR * LARGE_BODY_BYTES_MAX * 8 / 3,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let body = " ".repeat(LARGE_BODY_BYTES_MAX);
    let of = |tenant: &str| {
        let path = format!("POST /large?{tenant} ");
        post_json(body.len(), &body).replace("POST / ", &path)
    };
    let mut held = Vec::new();
    // The second has the way out.
    for tenant in ["1", "1", "2"] {
        held.push(server.send(&of(tenant)).await);
        take(&server.probe.entered).await;
    }
    assert_answer(
        &server.ask(&of("1")).await,
        503,
        "another of the first tenant",
    );
    server.probe.gate.add_permits(3);
    for mut stream in held {
        assert_answer(&hear_one(&mut stream).await, 200, "what was held");
    }
}

#[tokio::test]
async fn answers_that_nobody_reads_share_a_bounded_memory() {
    let server = Server::start(Limits {
        // Three quarters of it are for large answers, and half of that for one tenant: two that are yet to be made.
        answer_bytes_in_flight_max: 2 * 4 * 1024 * 1024 * 8 / 3,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let of = |tenant: &str| format!("GET /huge?{tenant} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut unread = Vec::new();
    for _ in 0..2 {
        unread.push(server.send(&of("1")).await);
        take(&server.probe.entered).await;
    }
    let mut third = server.send(&of("1")).await;
    assert_answer(&hear_one(&mut third).await, 503, "a third of one tenant");
    // It was told before anything was made for it, and may ask for something else.
    assert_eq!(server.probe.entered.available_permits(), 0);
    third.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
    assert_answer(&hear(&mut third).await, 200, "a small answer");
    let other = server.send(&of("2")).await;
    take(&server.probe.entered).await;
    take(&server.probe.entered).await;
    // What is given up is given back.
    drop((unread, other));
    let mut again = server.send(&of("1")).await;
    let start = hear_one(&mut again).await;
    assert_answer(&start, 200, "after the others have left");
}
