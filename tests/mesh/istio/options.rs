//! What a pod is: name, address, labels, environment, and how its Envoy gets its requests.

use crate::support::seal::{SECRET, in_environment};
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// Where istiod serves discovery.
pub const DISCOVERY: &str = "127.0.0.1:15010";
/// Where it serves those who have an identity.
pub const SECURE: &str = "istiod.istio-system.svc:15012";

/// Who a pod is: the token of its service account, and the certificate by which it knows istiod.
pub struct Identity {
    pub token: String,
    pub root: String,
}

impl Identity {
    /// Where the agent looks for it.
    pub fn write(&self, folder: &Path) {
        for (file, text) in [("tokens/istio-token", &self.token), ("istio/root-cert.pem", &self.root)] {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        }
    }
}

/// What a pod is.
pub struct Options {
    pub(super) name: String,
    pub(super) number: u8,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) registry: SocketAddr,
    pub(super) environment: Vec<(String, String)>,
    pub(super) account: String,
    pub(super) kind: Kind,
}

/// How its Envoy gets its requests.
pub enum Kind {
    /// It listens itself, as a `Sidecar` says; istiod asks it for no identity.
    Sidecar,
    /// What is sent to the pod is redirected to it.
    Redirected(Identity),
    /// As a gateway.
    Gateway(Identity),
}

impl Options {
    /// The pod `name` of the EES, with the address of this number.
    pub fn new(name: &str, number: u8, registry: SocketAddr) -> Options {
        let labels = [("app", "ees"), ("pod", name)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = vec![
            ("ES_CLIENT_SECRET".to_owned(), "s3cret".to_owned()),
            ("EEC_AUTHN_OWNERSHIP".to_owned(), in_environment(&SECRET)),
        ];
        let account = "ees".to_owned();
        Options {
            name: name.to_owned(),
            number,
            labels: labels.into(),
            registry,
            environment,
            account,
            kind: Kind::Sidecar,
        }
    }

    /// The pod's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of its address.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Another label.
    pub fn label(mut self, name: &str, value: &str) -> Options {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Not a sidecar but a gateway, with this service account.
    pub fn gateway(mut self, account: &str, identity: Identity) -> Options {
        self.account = account.to_owned();
        self.kind = Kind::Gateway(identity);
        self
    }

    /// A sidecar to which the pod's ports are redirected.
    pub fn redirected(mut self, identity: Identity) -> Options {
        self.kind = Kind::Redirected(identity);
        self
    }

    /// A variable of the container `istio-proxy`.
    pub fn environment(mut self, name: &str, value: &str) -> Options {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}
