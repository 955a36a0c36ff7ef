//! One request, one connection, one answer, within a bounded time.

use super::answer::{Answer, Progress};
use super::{Request, Target};
use crate::cli::failure::Failure;
use crate::cli::tls;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long the rest of a body may take once its head is there: a verdict does not wait for it.
const BODY: Duration = Duration::from_secs(2);

/// Makes connections to the target.
pub(in super::super) struct Connector {
    authority: String,
    addresses: Vec<SocketAddr>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    has_ca: bool,
    patience: Duration,
}

impl Connector {
    /// Looks the target up once. Without TLS, all of its addresses must be loopback.
    pub(in super::super) async fn new(
        target: &Target,
        ca: Option<&Path>,
        patience: Duration,
    ) -> Result<Connector, Failure> {
        let (host, port) = &target.connect;
        let addresses = tokio::net::lookup_host((host.as_str(), *port)).await;
        let addresses: Vec<SocketAddr> = addresses
            .map_err(|error| {
                let remedy =
                    if *host == target.host { "; --connect ADDRESS:PORT says where it is" } else { "" };
                Failure::new(format!("cannot look up `{host}`: {error}{remedy}"))
            })?
            .collect();
        let tls = if target.https {
            let name = ServerName::try_from(target.host.clone())
                .map_err(Failure::because(format!("`{}`", target.host)))?;
            Some((TlsConnector::from(tls::client(ca)?), name))
        } else if addresses.iter().all(|address| address.ip().is_loopback()) {
            None
        } else {
            return Err(Failure::new(format!(
                "`{host}` is not loopback: tokens go there by https only; give an https URL"
            )));
        };
        Ok(Connector {
            authority: target.authority().to_owned(),
            addresses,
            tls,
            has_ca: ca.is_some(),
            patience,
        })
    }

    /// Sends a request on a connection of its own. The error says why there is no answer.
    pub(in super::super) async fn send(&self, request: &Request) -> Result<Answer, String> {
        let bytes = request.bytes(&self.authority);
        match timeout(self.patience, self.exchange(&bytes)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer in {} s", self.patience.as_secs())),
        }
    }

    async fn exchange(&self, bytes: &[u8]) -> Result<Answer, String> {
        let stream = TcpStream::connect(self.addresses.as_slice()).await;
        let stream = stream.map_err(|error| format!("no connection: {error}"))?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => on(stream, bytes).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                let stream = stream.map_err(|error| {
                    format!("no TLS connection: {error}{}", tls::remedy(&error, self.has_ca))
                })?;
                on(stream, bytes).await
            }
        }
    }
}

async fn on(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Result<Answer, String> {
    let written = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    // A server may refuse before it has read everything: its answer counts, not that it stopped reading.
    let written = written.await;
    let mut received = Vec::new();
    let (mut answer, missing) = loop {
        match Answer::read(&received) {
            Progress::Head(answer, missing) => break (answer, missing),
            Progress::Broken(why) => return Err(format!("{why} in place of an answer")),
            Progress::More => {}
        }
        match stream.read_buf(&mut received).await {
            Ok(0) if received.is_empty() => return Err("the connection was closed without an answer".into()),
            Ok(0) => return Err("the answer breaks off".into()),
            Ok(_) => {}
            Err(error) => {
                return Err(match written {
                    Err(write) => format!("the request could not be sent: {write}"),
                    Ok(()) => format!("no answer: {error}"),
                });
            }
        }
    };
    // The status is known: what is wrong with the rest changes no verdict.
    let _ = timeout(BODY, rest(&mut stream, &mut answer, missing)).await;
    Ok(answer)
}

/// Reads what is missing of the body, or all there is.
async fn rest(stream: &mut (impl AsyncRead + Unpin), answer: &mut Answer, missing: Option<usize>) {
    let mut missing = missing.unwrap_or(usize::MAX);
    let mut piece = [0; 4096];
    let mut complete = answer.is_complete();
    while !complete && missing > 0 {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(n) => {
                missing = missing.saturating_sub(n);
                complete = answer.push(&piece[..n]);
            }
        }
    }
}
