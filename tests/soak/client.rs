//! A client that keeps its connection as long as Envoy does.

use super::support::h1::{H1, bytes_of};
use super::support::request::{Request, Response};
use serde_json::Value;
use std::net::SocketAddr;

/// The "code" of a request that a trapped VM took with it: Envoy's 503 without a word of the filter's.
pub const LOST: &str = "lost to a trap";

/// What came of a request: the code of its denial, `None` when the upstream answered.
#[derive(Debug)]
pub struct Outcome(pub Result<Option<String>, String>);

impl Outcome {
    /// Whether it is what the contract says; otherwise in words.
    pub fn is(&self, code: Option<&str>) -> Result<(), String> {
        match &self.0 {
            Ok(got) if got.as_deref() == code => Ok(()),
            got => Err(format!("{got:?} instead of {code:?}")),
        }
    }
}

/// One client.
pub struct Client {
    address: SocketAddr,
    connection: Option<H1>,
}

impl Client {
    /// It connects when it has something to send.
    pub fn new(address: SocketAddr) -> Client {
        Client { address, connection: None }
    }

    /// Sends the request and reads what comes back.
    pub fn send(&mut self, request: &Request) -> Outcome {
        Outcome(self.exchange(request).map_err(|error| error.to_string()).and_then(outcome))
    }

    /// Sends bytes and goes away without waiting for an answer.
    pub fn send_and_leave(&mut self, bytes: &[u8]) {
        if let Ok(mut connection) = H1::connect(self.address) {
            let _ = connection.send(bytes);
        }
    }

    fn exchange(&mut self, request: &Request) -> std::io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => H1::connect(self.address)?,
        };
        // Envoy may answer and close before it has taken the whole request: the answer is what counts.
        let sent = connection.send(&bytes_of(request));
        let response = connection.response(request.method == "HEAD")?;
        // After an early answer to a request with a body, Envoy closes the connection.
        let refused_early = response.status >= 400 && request.body.is_some();
        if sent.is_ok() && !response.closes && !refused_early {
            self.connection = Some(connection);
        }
        Ok(response)
    }
}

fn outcome(response: Response) -> Result<Option<String>, String> {
    if response.status == 201 {
        return Ok(None);
    }
    if response.status == 503 && response.body.is_empty() {
        return Ok(Some(LOST.to_owned()));
    }
    let problem: Value = serde_json::from_slice(&response.body).map_err(|_| {
        format!("{} without a problem: {:?}", response.status, String::from_utf8_lossy(&response.body))
    })?;
    let cause = problem["cause"].as_str().ok_or_else(|| format!("{} without a cause", response.status))?;
    Ok(Some(cause.to_ascii_lowercase()))
}
