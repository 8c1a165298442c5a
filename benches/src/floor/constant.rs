//! hyper answering a constant: what the wire costs.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::BodyExt;

use crate::Failure;

const ANSWER: &[u8] = br#"{"id":"con_01J00000000000000000000000","object":"contact","email":"user@example.com","first_name":"Given","last_name":"Family","phone":"+1 555 0100","company_id":null,"metadata":{"plan":"pro"},"version":1,"mode":"live","created_at":"2026-07-02T10:00:00.000Z","updated_at":"2026-07-02T10:00:00.000Z"}"#;

pub async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    super::serve(listen, |request| async {
        // The body is read, as any server must.
        let _ = request.into_body().collect().await;
        Ok(Bytes::from_static(ANSWER))
    })
    .await
}
