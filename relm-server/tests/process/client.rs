//! The least HTTP client that a test needs: one connection, until the server closes it, and one request at a time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

pub struct Client {
    stream: BufReader<TcpStream>,
    key: String,
    /// The last answer said that its connection is closed.
    is_closed: bool,
    /// The id of the request that was answered last.
    pub request_id: String,
}

impl Client {
    pub fn connect(address: SocketAddr, key: &str) -> Self {
        Self::try_connect(address, key).unwrap()
    }

    /// None when nobody listens there.
    pub fn try_connect(address: SocketAddr, key: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_nodelay(true).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .ok()?;
        Some(Self {
            stream: BufReader::new(stream),
            key: key.to_owned(),
            is_closed: false,
            request_id: String::new(),
        })
    }

    /// Where it is connected to.
    pub fn address(&self) -> SocketAddr {
        self.stream.get_ref().peer_addr().unwrap()
    }

    pub fn get(&mut self, path: &str) -> (u16, Value) {
        self.send("GET", path, None, None).unwrap()
    }

    pub fn post(
        &mut self,
        path: &str,
        idempotency_key: Option<&str>,
        body: &Value,
    ) -> (u16, Value) {
        self.try_post(path, idempotency_key, body).unwrap()
    }

    pub fn patch(&mut self, path: &str, body: &Value) -> (u16, Value) {
        self.send("PATCH", path, None, Some(body)).unwrap()
    }

    pub fn delete(&mut self, path: &str) -> (u16, Value) {
        self.send("DELETE", path, None, None).unwrap()
    }

    pub fn try_post(
        &mut self,
        path: &str,
        idempotency_key: Option<&str>,
        body: &Value,
    ) -> io::Result<(u16, Value)> {
        self.send("POST", path, idempotency_key, Some(body))
    }

    /// Sends a request and reads the answer.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&Value>,
    ) -> io::Result<(u16, Value)> {
        if self.is_closed {
            let address = self.stream.get_ref().peer_addr()?;
            let again = Self::try_connect(address, &self.key);
            *self = again.ok_or(io::ErrorKind::ConnectionRefused)?;
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n",
            self.key,
            body.len()
        );
        if let Some(key) = idempotency_key {
            head.push_str(&format!("Idempotency-Key: {key}\r\n"));
        }
        self.stream
            .get_mut()
            .write_all(format!("{head}\r\n{body}").as_bytes())?;
        self.receive()
    }

    fn receive(&mut self) -> io::Result<(u16, Value)> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut length = 0;
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == "\r\n" {
                break;
            }
            self.is_closed |= line == "connection: close\r\n";
            if let Some(value) = line.strip_prefix("x-request-id: ") {
                value.trim().clone_into(&mut self.request_id);
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((
            status.unwrap(),
            serde_json::from_slice(&body).unwrap_or(Value::Null),
        ))
    }
}
