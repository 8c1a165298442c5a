//! A client without imports: it sends batches, and reads pages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::Failure;
use crate::http::{Connection, request};
use crate::workload::{BATCH_ROWS, contact};

/// The most records of a page.
const PAGE: usize = 200;

pub struct Peer {
    address: SocketAddr,
    key: String,
    rows: u64,
    connections: usize,
}

impl Peer {
    pub fn new(address: SocketAddr, key: &str, rows: u64, connections: usize) -> Self {
        let key = key.to_owned();
        Self {
            address,
            key,
            rows,
            connections,
        }
    }

    /// Sends all contacts, each of which is to come to one thing.
    pub async fn send(&self, each: &'static str) -> Result<(), Failure> {
        let next = Arc::new(AtomicU64::new(0));
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            let (next, key, rows) = (Arc::clone(&next), self.key.clone(), self.rows);
            let mut connection = Connection::open(self.address).await?;
            tasks.push(tokio::spawn(async move {
                loop {
                    let first = next.fetch_add(BATCH_ROWS, Ordering::Relaxed);
                    if first >= rows {
                        return Ok::<_, Failure>(());
                    }
                    let numbers = first..rows.min(first + BATCH_ROWS);
                    let sent = numbers.end - numbers.start;
                    let contacts: Vec<Value> = numbers.map(contact).collect();
                    let body = json!({ "contacts": contacts, "dedup_on": ["email"] });
                    let body = body.to_string();
                    let batch = request("POST", "/v1/contacts/batch", &key, &body);
                    let (status, answer) = connection.send(&batch).await?;
                    // Read as text: to parse half a megabyte would take from the server what it is measured by.
                    let answer = std::str::from_utf8(answer)?;
                    let status_of_row = format!("\"status\":\"{each}\"");
                    let done = answer.matches(&status_of_row).count() as u64;
                    if status != 200 || done != sent {
                        return Err(format!("{status}: {done} of {sent} are {each}").into());
                    }
                }
            }));
        }
        for task in tasks {
            task.await??;
        }
        Ok(())
    }

    /// Reads all contacts, page by page.
    pub async fn list(&self) -> Result<(), Failure> {
        let mut connection = Connection::open(self.address).await?;
        let (mut cursor, mut read) = (String::new(), 0);
        loop {
            let path = format!("/v1/contacts?limit={PAGE}{cursor}");
            let (status, page) = connection
                .send(&request("GET", &path, &self.key, ""))
                .await?;
            let page = std::str::from_utf8(page)?;
            if status != 200 {
                return Err(page.into());
            }
            read += page.matches("\"object\":\"contact\"").count() as u64;
            let next = page.rsplit_once("\"next_cursor\":\"");
            match next.and_then(|(_, rest)| rest.split_once('"')) {
                Some((next, _)) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        match read == self.rows {
            true => Ok(()),
            false => Err(format!("{read} contacts were read of {}", self.rows).into()),
        }
    }
}
