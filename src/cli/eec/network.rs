//! Where servers are reached and how: names, TLS, patience.

use super::url::Origin;
use crate::cli::failure::Failure;
use crate::cli::tls;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Bytes to and from a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A name, and where it is reached in place of where the system says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    name: String,
    host: String,
    port: u16,
}

impl Place {
    /// From `NAME=HOST:PORT`.
    pub(crate) fn parse(text: &str) -> Result<Place, String> {
        let wrong = || format!("`{text}` is not NAME=HOST:PORT");
        let (name, place) = text.split_once('=').ok_or_else(wrong)?;
        let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().map_err(|_| wrong())?;
        if name.is_empty() || host.is_empty() {
            return Err(wrong());
        }
        Ok(Place { name: name.to_ascii_lowercase(), host: host.to_owned(), port })
    }

    /// `name` is at this address.
    pub(crate) fn new(name: &str, address: SocketAddr) -> Place {
        Place { name: name.to_ascii_lowercase(), host: address.ip().to_string(), port: address.port() }
    }
}

/// What all connections share.
pub(crate) struct Network {
    places: Vec<Place>,
    ca: Option<PathBuf>,
    allow_http: bool,
    patience: Duration,
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Network {
    /// Certificates are checked with those in `ca`, or the system's; `allow_http` lets tokens go anywhere unprotected.
    pub(crate) fn new(
        places: Vec<Place>,
        ca: Option<PathBuf>,
        allow_http: bool,
        patience: Duration,
    ) -> Network {
        Network { places, ca, allow_http, patience, tls: OnceLock::new() }
    }

    /// How long an answer may take.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Reads the certificate authorities now: who names a file that is none is to know before anything is sent.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        match self.ca {
            Some(_) => self.tls().map(drop),
            None => Ok(()),
        }
    }

    /// A connection, with the server's certificate checked where there is TLS. The error says why there is none.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Box<dyn Stream>, String> {
        let place = self.places.iter().find(|place| place.name == origin.host);
        let (host, port) =
            place.map_or((origin.host.as_str(), origin.port), |place| (place.host.as_str(), place.port));
        let addresses = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> = addresses
            .map_err(|error| match place {
                Some(_) => format!("cannot look up `{host}`: {error}"),
                None => format!(
                    "cannot look up `{host}`: {error}; --connect {host}=ADDRESS:PORT says where it is"
                ),
            })?
            .collect();
        if !origin.https && !self.allow_http && !addresses.iter().all(|address| address.ip().is_loopback()) {
            return Err(format!(
                "`{host}` is not loopback: tokens go there by https only; give an https URL, or --allow-http in a closed test network"
            ));
        }
        let stream = TcpStream::connect(addresses.as_slice()).await;
        let stream = stream.map_err(|error| format!("no connection to `{host}:{port}`: {error}"))?;
        let _ = stream.set_nodelay(true);
        if !origin.https {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(origin.host.clone())
            .map_err(|error| format!("`{}`: {error}", origin.host))?;
        let connector = TlsConnector::from(self.tls().map_err(|failure| failure.to_string())?);
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| {
            let remedy = tls::remedy(&error, self.ca.is_some());
            format!("no TLS connection to `{}`: {error}{remedy}", origin.host)
        })?;
        Ok(Box::new(stream))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let config = tls::client(self.ca.as_deref())?;
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |name: &str, host: &str, port| Place { name: name.into(), host: host.into(), port };
        assert_eq!(Place::parse("EES1.example=127.0.0.1:80"), Ok(place("ees1.example", "127.0.0.1", 80)));
        assert_eq!(Place::parse("a=[::1]:8443"), Ok(place("a", "::1", 8443)));
        assert_eq!(Place::new("A", ([127, 0, 0, 1], 1).into()), place("a", "127.0.0.1", 1));
        for wrong in ["", "a", "a=b", "a=b:c", "a=:1", "=b:1", "a=b:65536"] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }
}
