//! What a key may have of files, and that one which is revoked while a file is on its way has no more of it.

use std::net::IpAddr;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use hyper::{Request, Response};
use relm_core::engine::Importer;
use relm_core::{Id, KeyAccess, Mode};
use relm_server::serve::{
    Admission, AnswerMemory, FileBody, Handler, Head, Limits, LiveBody, Peer, Tenant,
};
use serde_json::{Value, json};

use super::imports::{import, work_off};
use super::session::{User, World, id};

fn head(user: &User<'_>, path: &str) -> Head {
    let key = user.key.as_deref().unwrap();
    let request = Request::builder().method("POST").uri(path);
    let request = request.header("content-type", "text/csv");
    let request = request.header("authorization", format!("Bearer {key}"));
    Head::new(request.body(()).unwrap().into_parts().0)
}

fn peer() -> Peer {
    Peer::from(IpAddr::from([192, 0, 2, 1]))
}

async fn download(user: &User<'_>, path: &str) -> LiveBody {
    let head = head(user, path);
    let api = &user.world.api;
    let Admission { call, .. } = api.admit(&head, peer()).await.ok().unwrap();
    let memory = AnswerMemory::of(&Limits::default(), Tenant(1));
    let response = Handler::follow(api, call, head, memory).await;
    response.ok().unwrap().into_body()
}

/// Sends a file whose key is revoked once its first piece is there, and then so many bytes more.
async fn send_and_revoke(user: &User<'_>, rest: Option<&'static str>) -> Response<Bytes> {
    let (crm, key) = (user.world.crm.clone(), user.key_id);
    let rest = stream::once(async move {
        crm.revoke_key(key).await.unwrap();
        rest.map(|rest| Ok(Bytes::from(rest)))
    });
    let first = stream::iter([Ok(Bytes::from("email\nada@example.com\n"))]);
    let file: FileBody = first.chain(rest.filter_map(std::future::ready)).boxed();
    let head = head(user, "/v1/imports?object=contacts");
    let api = &user.world.api;
    let Admission { call, .. } = api.admit(&head, peer()).await.ok().unwrap();
    Handler::receive(api, call, head, file).await
}

#[tokio::test]
async fn a_revoked_key_reads_no_further_piece_of_an_export() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    let mut whole = download(&user, "/v1/exports?object=contacts").await;
    let mut cut = download(&user, "/v1/exports?object=contacts").await;
    let (mut text, mut first) = (Vec::new(), true);
    while let Some(piece) = whole.next().await {
        assert!(!piece.is_cut);
        text.extend_from_slice(&piece.bytes);
    }
    assert!(String::from_utf8(text).unwrap().contains("ada@example.com"));
    while let Some(piece) = cut.next().await {
        assert_eq!(piece.is_cut, !first, "{:?}", piece.bytes);
        if std::mem::take(&mut first) {
            world.crm.revoke_key(user.key_id).await.unwrap();
        } else {
            assert!(piece.bytes.is_empty());
            return;
        }
    }
    panic!("it ended in order");
}

#[tokio::test]
async fn a_revoked_key_sends_no_import() {
    for rest in [Some("bob@example.com\n"), None] {
        let world = World::new();
        let user = world.user("acme", Mode::Live);
        let other = world.another_key(user.workspace, Mode::Live, KeyAccess::Full);
        let refused = send_and_revoke(&user, rest).await;
        assert_eq!(refused.status(), 401, "{refused:?}");
        let said: Value = serde_json::from_slice(refused.body()).unwrap();
        assert_eq!(said["error"]["code"], "unauthorized");
        let left = other.get("/v1/imports").is(200);
        assert_eq!(left["data"][0]["status"], "failed", "{left}");
    }
}

#[test]
fn who_may_only_write_reads_no_rows_that_others_sent() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = user.create("/v1/keys", json!({ "scopes": ["contacts:write"] }));
    let writer = User {
        world: &world,
        workspace: user.workspace,
        key_id: Id::parse(key["id"].as_str().unwrap()).unwrap(),
        key: Some(key["secret"].as_str().unwrap().to_owned()),
    };
    let file = "email\nno address\n";
    let (theirs, own) = (import(&user, "", file), import(&writer, "", file));
    work_off(&world);
    for name in ["errors", "conflicts"] {
        let refused = writer.get(&format!("/v1/imports/{}/{name}", id(&theirs)));
        assert!(!refused.text.contains("no address"), "{}", refused.text);
        refused.fails(403, "forbidden", None);
        let read = writer.get(&format!("/v1/imports/{}/{name}", id(&own)));
        assert_eq!(read.status, 200, "{}", read.text);
        let read = user.get(&format!("/v1/imports/{}/{name}", id(&own)));
        assert_eq!(read.status, 200, "{}", read.text);
    }
    writer.get(&format!("/v1/imports/{}", id(&theirs))).is(200);
}

#[test]
fn an_importer_lets_others_have_the_thread_between_its_steps() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    import(&user, "", "email\nada@example.com\n");
    let importer = Importer::new(world.crm.clone());
    assert!(importer.work_off().now_or_never().is_none());
    work_off(&world);
}
