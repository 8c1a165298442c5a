//! A request to a floor, read.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Method, Request};

use super::rows::{Made, Sent, SentBatch, SentChange};
use crate::Failure;

pub enum Asked {
    Get { id: String },
    List { last_name: String },
    Search { word: String },
    Create(Vec<Made>),
    Update { id: String, phone: String },
}

impl Asked {
    pub async fn of(request: Request<Incoming>) -> Result<Self, Failure> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let id = path.strip_prefix("/v1/contacts/").map(str::to_owned);
        if head.method == Method::GET {
            // What is asked for is the last parameter's value.
            let query = head.uri.query().unwrap_or_default();
            let value = query.rsplit_once('=').map_or("", |(_, value)| value);
            return Ok(match id {
                Some(id) => Self::Get { id },
                None if path == "/v1/search" => Self::Search { word: value.into() },
                None => Self::List {
                    last_name: value.into(),
                },
            });
        }
        let body = body.collect().await?.to_bytes();
        match id {
            None => {
                let sent: Sent<'_> = serde_json::from_slice(&body)?;
                Ok(Self::Create(vec![Made::of(&sent)?]))
            }
            Some(batch) if batch == "batch" => {
                let sent: SentBatch<'_> = serde_json::from_slice(&body)?;
                let made: Result<_, Failure> = sent.contacts.iter().map(Made::of).collect();
                Ok(Self::Create(made?))
            }
            Some(id) => {
                let sent: SentChange<'_> = serde_json::from_slice(&body)?;
                Ok(Self::Update {
                    id,
                    phone: sent.phone.into(),
                })
            }
        }
    }
}

/// The first text after every text that begins with this word.
pub fn end_of(word: &str) -> String {
    format!("{word}\u{10ffff}")
}
