//! The floors: what the same requests cost at least.

mod asked;
mod constant;
mod mysql;
mod postgres;
mod rows;
mod sqlite;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Failure;

/// Connections to a database server: as many as Relm has by default.
const CONNECTIONS: u32 = 10;
/// What stands for a database where the floor has none.
pub const CONSTANT: &str = "constant";

/// Serves the floor over the database of this URL, which Relm made, or one that answers a constant.
pub async fn run(listen: SocketAddr, over: String) -> Result<(), Failure> {
    match over.strip_prefix("sqlite://") {
        Some(path) => sqlite::serve(listen, path.into()).await,
        None if over == CONSTANT => constant::serve(listen).await,
        None if over.starts_with("postgres") => postgres::serve(listen, &over).await,
        None => mysql::serve(listen, &over).await,
    }
}

/// Serves what `answer` makes of each request.
async fn serve<F>(
    listen: SocketAddr,
    answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
) -> Result<(), Failure>
where
    F: Future<Output = Result<Bytes, Failure>> + Send + 'static,
{
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answering = answer(request);
                async move {
                    let (status, body) = match answering.await {
                        Ok(body) => (StatusCode::OK, body),
                        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into()),
                    };
                    let mut response = Response::new(Full::new(body));
                    *response.status_mut() = status;
                    Ok::<_, Infallible>(response)
                }
            });
            // The driver hangs up when it is done.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
