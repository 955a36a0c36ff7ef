//! Envoy with the filter, an upstream behind it, and whole cases held against the contract.

pub use super::names::{FQDN, IDENTITY, ISSUER};

use super::bootstrap::{Configuration, Setup};
use super::contract::{self, Offer, Row};
use super::counted::Counted;
use super::envoy::Envoy;
use super::problems::Problems;
use super::request::{Request, Response};
use super::token::{self, Key};
use super::upstream::{End, Received, Upstream};
use super::{h1, h2_client};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::net::SocketAddr;

/// What is counted where nobody could be asked about a token that passes all the same.
const UNASKED: &str = "online.allowed_unasked";

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, bytes by hand.
    H1,
    /// HTTP/2 with prior knowledge.
    H2,
}

impl Protocol {
    /// Sends one request on a connection of its own and reads the answer.
    pub fn exchange(self, address: SocketAddr, request: &Request) -> Result<Response, String> {
        match self {
            Protocol::H1 => h1::exchange(address, request).map_err(|e| e.to_string()),
            Protocol::H2 => h2_client::exchange(address, request),
        }
    }
}

/// Both protocols.
pub const BOTH: [Protocol; 2] = [Protocol::H1, Protocol::H2];

/// The smallest useful filter JSON: one EES, one entitlement server with these keys pinned.
pub fn config(keys: &[&Key]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|k| json!({"jwk": k.jwk()})).collect();
    json!({
        "protects": {"role": "ees", "fqdns": [FQDN]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": keys}],
    })
}

/// A running fixture.
pub struct Fixture {
    /// The proxy.
    pub envoy: Envoy,
    /// What stands behind it.
    pub upstream: Upstream,
    /// What its challenges offer.
    offer: Offer,
    /// Requests that must never have arrived.
    denied: RefCell<Vec<(String, String)>>,
    counted: Counted,
}

impl Fixture {
    /// Envoy with this filter JSON as a `StringValue`; panics unless it is accepted.
    pub fn start(filter: &Value) -> Self {
        Self::start_with(filter, |setup| setup)
    }

    /// The same with options.
    pub fn start_with(filter: &Value, options: impl FnOnce(Setup) -> Setup) -> Self {
        Self::before(Upstream::start(), filter, options)
    }

    /// The same before another upstream.
    pub fn before(upstream: Upstream, filter: &Value, options: impl FnOnce(Setup) -> Setup) -> Self {
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
        let envoy = Envoy::start(&options(setup));
        Self {
            envoy,
            upstream,
            offer: Offer::of(filter),
            denied: RefCell::default(),
            counted: Counted::default(),
        }
    }

    /// Sends a request and reads the answer.
    pub fn send(&self, protocol: Protocol, request: &Request) -> Result<Response, String> {
        protocol.exchange(self.envoy.address(), request)
    }

    /// Sends the request in both protocols; each must be denied with `code` exactly as the contract says.
    pub fn denied(&self, problems: &mut Problems, name: &str, request: &Request, code: &str) {
        for protocol in BOTH {
            self.denied_over(protocol, problems, name, request, code);
        }
    }

    /// [`Fixture::denied`] in one protocol.
    pub fn denied_over(
        &self,
        protocol: Protocol,
        problems: &mut Problems,
        name: &str,
        request: &Request,
        code: &str,
    ) {
        let name = format!("{name} [{protocol:?}]");
        let request = request.numbered(protocol);
        let counter = format!("denied.{code}");
        let before = self.counted.before(&self.envoy, &counter);
        self.denied.borrow_mut().push((name.clone(), request.case.clone()));
        match self.send(protocol, &request) {
            Err(e) => problems.add(&name, format!("no answer but {e}; should be {code}")),
            Ok(response) => {
                let row = contract::find(code);
                // One line says it all if it is another decision altogether.
                let access = self.envoy.access(&request.case);
                let details = access.get("details");
                let want = format!("eec_authn.{code}");
                problems.equal(
                    &name,
                    "details and status",
                    (details.as_deref(), response.status),
                    (Some(&want), row.status),
                );
                if details.as_deref() != Some(&want) {
                    return;
                }
                expect_denial(problems, &name, &request, &response, row, &self.offer);
                problems.equal(&name, "filter state", access.get("decision"), Some(format!("deny:{code}")));
                let count = self.counted.after(&self.envoy, &counter, before + 1);
                problems.equal(&name, "statistic", count, before + 1);
            }
        }
    }

    /// Sends the request in both protocols; each must arrive whole, with exactly these identity headers.
    pub fn allowed(&self, problems: &mut Problems, name: &str, request: &Request, identity: &[(&str, &str)]) {
        for protocol in BOTH {
            self.allowed_over(protocol, problems, name, request, identity);
        }
    }

    /// [`Fixture::allowed`] in one protocol; what the upstream saw.
    pub fn allowed_over(
        &self,
        protocol: Protocol,
        problems: &mut Problems,
        name: &str,
        request: &Request,
        identity: &[(&str, &str)],
    ) -> Option<Received> {
        let name = format!("{name} [{protocol:?}]");
        let request = request.numbered(protocol);
        let before = self.counted.before(&self.envoy, "allowed");
        let unasked = self.envoy.filter_stat_now(UNASKED);
        let response = match self.send(protocol, &request) {
            Ok(response) => response,
            Err(e) => {
                problems.add(&name, format!("no answer but {e}; should be allowed"));
                return None;
            }
        };
        let access = self.envoy.access(&request.case);
        let details = access.get("details");
        problems.equal(
            &name,
            "details and status",
            (details.as_deref(), response.status),
            (Some("via_upstream"), 201),
        );
        if details.as_deref() != Some("via_upstream") {
            return None;
        }
        // What passes while nobody can be asked says so.
        let count = self.counted.after(&self.envoy, "allowed", before + 1);
        problems.equal(&name, "statistic allowed", count, before + 1);
        let decision = (self.envoy.filter_stat_now(UNASKED) > unasked).then(|| "allowed_unasked".to_owned());
        problems.equal(&name, "filter state", access.get("decision"), decision);
        let received = self.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
        problems.equal(&name, "path", received.path.as_bytes(), &request.path);
        problems.equal(&name, "body", received.body.as_slice(), request.content());
        let mut got: Vec<(&str, &str)> =
            received.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        got.retain(|(n, _)| n.replace('_', "-").starts_with("x-eec-"));
        got.sort_unstable();
        let mut want = identity.to_vec();
        want.sort_unstable();
        problems.equal(&name, "identity headers", got, want);
        Some(received)
    }

    /// The filter must still answer: a good request with `token` passes and nothing became a 503.
    pub fn alive(&self, problems: &mut Problems, name: &str, token: &str) {
        let request = Request::register("eec-1").bearer(token).numbered(Protocol::H1);
        let status = self.send(Protocol::H1, &request).map(|r| r.status);
        problems.equal(name, "a good request afterwards", status, Ok(201));
    }

    /// Nothing that was denied may have arrived, in whole or in part; then the problems are told.
    pub fn finish(self, mut problems: Problems) {
        for (name, case) in self.denied.borrow().iter() {
            let arrived = self.upstream.records.find(case);
            problems
                .check(name, arrived.is_none(), || format!("was denied, but the upstream saw {arrived:?}"));
        }
        let crashes = self.envoy.stats("wasm.*vm_reload");
        problems.check("Envoy", crashes.values().all(|n| *n == 0), || format!("the VM trapped: {crashes:?}"));
        problems.finish();
    }
}

impl Request {
    /// The same request with a fresh `x-case`.
    fn numbered(&self, protocol: Protocol) -> Request {
        let fresh = Request::new(&self.method, &self.path).case;
        Request { case: format!("{fresh}-{protocol:?}"), ..self.clone() }
    }
}

/// Status, headers and body of a denial, exactly.
fn expect_denial(
    problems: &mut Problems,
    name: &str,
    request: &Request,
    response: &Response,
    row: &Row,
    offer: &Offer,
) {
    problems.equal(name, "status", response.status, row.status);
    let authorization = request.headers.iter().find(|(name, _)| name == "authorization");
    let used_dpop = authorization.is_some_and(|(_, value)| value.to_ascii_lowercase().starts_with(b"dpop"));
    let challenges = row.challenges(FQDN, offer, used_dpop);
    let challenges: Vec<&str> = challenges.iter().map(String::as_str).collect();
    problems.equal(name, "www-authenticate", response.all("www-authenticate"), challenges);
    problems.equal(
        name,
        "dpop-nonce",
        response.all("dpop-nonce").len(),
        usize::from(row.code == "proof_nonce"),
    );
    problems.equal(name, "cache-control", response.all("cache-control"), vec!["no-store"]);
    if request.method == "HEAD" {
        problems.equal(name, "body of a HEAD", response.body.as_slice(), b"");
        return;
    }
    problems.equal(name, "content-type", response.all("content-type"), vec!["application/problem+json"]);
    let Ok(Value::Object(body)) = serde_json::from_slice(&response.body) else {
        problems
            .add(name, format!("the body is no JSON object: {:?}", String::from_utf8_lossy(&response.body)));
        return;
    };
    let text = |member| body.get(member).and_then(Value::as_str).unwrap_or_default();
    problems.equal(name, "cause", text("cause"), &row.code.to_ascii_uppercase());
    problems.equal(
        name,
        "status in the body",
        body.get("status").and_then(Value::as_u64),
        Some(row.status.into()),
    );
    for member in ["title", "detail"] {
        problems.check(name, !text(member).is_empty(), || format!("no {member} in {body:?}"));
    }
    let known = ["title", "status", "detail", "cause"];
    let others: Vec<&String> = body.keys().filter(|k| !known.contains(&k.as_str())).collect();
    problems.check(name, others.is_empty() || row.code.starts_with("binding_"), || {
        format!("unexpected members {others:?}")
    });
    let whole = format!("{:?}{}", response.headers, String::from_utf8_lossy(&response.body));
    for secret in ["eec-1", ISSUER, "eyJ"] {
        problems.check(name, !whole.contains(secret), || format!("the reply gives away `{secret}`: {whole}"));
    }
}

/// The identity headers of [`token::claims`].
pub fn identity_of_eec_1() -> Vec<(&'static str, &'static str)> {
    vec![("x-eec-id", "eec-1"), ("x-eec-issuer", ISSUER)]
}
