//! Files on their way to a server and back, and the file of contacts.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::Failure;
use crate::http::{Connection, head, request};
use crate::workload::contact;

/// How often it is asked how far an import is.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// The contacts of the workload, as a file of comma-separated values.
pub fn file_of(rows: u64) -> String {
    let mut file = String::from("Email,First Name,Last Name,Phone,metadata.plan\r\n");
    for number in 0..rows {
        let contact = contact(number);
        let text = |name: &str| contact[name].as_str().unwrap_or_default();
        let cells = ["email", "first_name", "last_name", "phone"].map(text);
        let plan = contact["metadata"]["plan"].as_str().unwrap_or_default();
        file.push_str(&format!("{},{plan}\r\n", cells.join(",")));
    }
    file
}

/// The records of an export.
pub fn records(file: &[u8]) -> impl Iterator<Item = Result<Value, Failure>> {
    let lines = file
        .split(|byte| *byte == b'\n')
        .filter(|it| !it.is_empty());
    lines.map(|line| Ok(serde_json::from_slice(line)?))
}

/// An import as the server tells it.
pub struct Import(pub Value);

impl Import {
    pub fn is_done(&self) -> bool {
        self.0["status"] == "completed"
    }

    pub fn count(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_default()
    }
}

/// Who sends and reads files, in one workspace and mode.
pub struct Client {
    address: SocketAddr,
    key: String,
}

impl Client {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        let key = key.to_owned();
        Self { address, key }
    }

    async fn ask(&self, message: &[u8], expected: u16) -> Result<Value, Failure> {
        let mut connection = Connection::open(self.address).await?;
        let (status, body) = connection.send(message).await?;
        let body: Value = serde_json::from_slice(body)?;
        match status == expected {
            true => Ok(body),
            false => Err(format!("{status}: {body}").into()),
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(&request("GET", path, &self.key, ""), 200).await
    }

    /// Sends a file, and gives the path of its import.
    pub async fn begin(&self, query: &str, media: &str, file: &[u8]) -> Result<String, Failure> {
        let path = format!("/v1/imports?{query}");
        let mut message = head("POST", &path, &self.key, media, file.len()).into_bytes();
        message.extend_from_slice(file);
        let import = self.ask(&message, 202).await?;
        let id = import["id"].as_str().ok_or("an import without an id")?;
        Ok(format!("/v1/imports/{id}"))
    }

    /// The import, once `is_so` says so.
    pub async fn wait_until(
        &self,
        path: &str,
        is_so: impl Fn(&Import) -> bool,
    ) -> Result<Import, Failure> {
        loop {
            let import = Import(self.get(path).await?);
            if is_so(&import) {
                return Ok(import);
            }
            if import.0["status"] == "failed" {
                return Err(import.0.to_string().into());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// The id of the last event.
    pub async fn newest_event(&self) -> Result<Value, Failure> {
        let mut list = self.get("/v1/events?limit=1").await?;
        Ok(list["data"][0]["id"].take())
    }

    /// All records of an object as NDJSON.
    pub async fn export(&self, object: &str) -> Result<Vec<u8>, Failure> {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await?);
        let path = format!("/v1/exports?object={object}&format=ndjson");
        let asked = request("POST", &path, &self.key, "");
        stream.write_all(&asked).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if !line.starts_with("HTTP/1.1 200 ") {
            return Err(line.into());
        }
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).await?;
        }
        let mut file = Vec::new();
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            let size = u64::from_str_radix(line.trim_end(), 16)?;
            if size == 0 {
                return Ok(file);
            }
            let chunk = (&mut stream).take(size).read_to_end(&mut file).await?;
            let mut end = [0; 2];
            stream.read_exact(&mut end).await?;
            if chunk as u64 != size {
                return Err("the export broke off".into());
            }
        }
    }
}
