//! The API behind sockets: what of an answer the transport makes.

use std::sync::Arc;

use relm_core::{Crm, KeyAccess, Mode};
use relm_server::api::Api;
use relm_server::serve::{Limits, serve};
use relm_store_memory::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::server::within;

/// What is answered to a request that closes its connection.
async fn ask(request: &str, cors: &str) -> String {
    let crm = Crm::new(MemoryStore::new());
    let workspace = crm.create_workspace("acme").await.unwrap().id;
    let key = crm
        .create_key(workspace, Mode::Live, KeyAccess::Full, None)
        .await
        .unwrap();
    let api = Arc::new(Api::new(crm, 0).cors(cors.parse().unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let serving = tokio::spawn(serve(
        listener,
        api,
        Limits::default(),
        std::future::pending(),
    ));
    let request = request.replace("KEY", &key.secret);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    serving.abort();
    answer
}

fn header(answer: &str, name: &str) -> Option<String> {
    let mut lines = answer.split("\r\n\r\n").next().unwrap().lines();
    lines.find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix(": ")
            .map(str::to_owned)
    })
}

#[tokio::test]
async fn head_has_the_length_of_the_body_that_get_has() {
    for path in [
        "/",
        "/healthz",
        "/openapi.json",
        "/nope",
        "/v1/contacts",
        "/v1/schema",
    ] {
        let ends = "host: a\r\nauthorization: Bearer KEY\r\nconnection: close\r\n\r\n";
        let get = ask(&format!("GET {path} HTTP/1.1\r\n{ends}"), "").await;
        let head = ask(&format!("HEAD {path} HTTP/1.1\r\n{ends}"), "").await;
        let (_, body) = get.split_once("\r\n\r\n").unwrap();
        let length = header(&get, "content-length").unwrap();
        assert_eq!(length, body.len().to_string(), "{path}");
        assert_eq!(header(&head, "content-length"), Some(length), "{path}");
        assert!(head.ends_with("\r\n\r\n"), "{path} has no body: {head}");
    }
}

#[tokio::test]
async fn a_page_reads_what_is_refused_before_a_handler() {
    let origin = "origin: https://app.example.com\r\n";
    let long = "a".repeat(9 * 1024);
    let ends = format!("{origin}authorization: Bearer KEY\r\nconnection: close\r\n");
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\n{ends}\r\n"), 400),
        (
            format!("GET /{long} HTTP/1.1\r\nhost: a\r\n{ends}\r\n"),
            414,
        ),
        (
            format!(
                "POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n{ends}\r\n{{}}"
            ),
            415,
        ),
        (
            format!(
                "POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999\r\ncontent-type: application/json\r\n{ends}\r\n"
            ),
            413,
        ),
        (
            format!(
                "OPTIONS /v1/contacts HTTP/1.1\r\nhost: a\r\naccess-control-request-method: POST\r\n{ends}\r\n"
            ),
            204,
        ),
    ] {
        let answer = ask(&request, "https://app.example.com").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        let allowed = header(&answer, "access-control-allow-origin");
        assert_eq!(
            allowed.as_deref(),
            Some("https://app.example.com"),
            "{answer}"
        );
        assert_eq!(header(&answer, "vary").as_deref(), Some("Origin"));
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_told_which_it_has_and_which_it_must_have() {
    let right = "Send the body as Content-Type: application/json";
    for (headers, said) in [
        (
            "",
            "The body has no Content-Type: send it as application/json.".to_owned(),
        ),
        (
            "content-type: text/csv\r\n",
            format!("{right}, not as `text/csv`: JSON alone is read."),
        ),
        (
            "content-type: application/x-www-form-urlencoded\r\n",
            format!("{right}, not as `application/x-www-form-urlencoded`: a form is not read."),
        ),
        (
            "content-type: Multipart/Form-Data; boundary=x\r\n",
            format!("{right}, not as `Multipart/Form-Data; boundary=x`: a form is not read."),
        ),
        (
            "content-type: application/json; charset=latin1\r\n",
            format!("{right}, not as `application/json; charset=latin1`: its charset is UTF-8."),
        ),
        (
            "content-type: application/vnd.api+json; charset=latin1\r\n",
            format!(
                "{right}, not as `application/vnd.api+json; charset=latin1`: its charset is UTF-8."
            ),
        ),
        (
            "content-type: text/\u{1f980}\r\n",
            format!("{right}, not as `text/\u{1f980}`: JSON alone is read."),
        ),
        (
            "content-type: application/json\r\ncontent-type: application/json\r\n",
            "Send one Content-Type: application/json.".to_owned(),
        ),
    ] {
        let request = format!(
            "POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n{headers}authorization: Bearer KEY\r\n\
             connection: close\r\n\r\n{{}}"
        );
        let answer = ask(&request, "").await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["message"], said, "{headers}");
        assert_eq!(body["error"]["code"], "unsupported_media_type", "{headers}");
    }
}
