//! A request that somebody asks about, with what is taken to happen around it.

use super::Explanation;
use crate::exchange::PendingIntrospection;
use crate::exchange::rehearsal::{Rehearsal, Wait, play};
use crate::introspection::{self, Cause, RawResponse, TokenStatus};
use crate::jwks_remote::{self, Answer, Moment, StoredSet};
use crate::keys::NoHost;
use crate::plugin_state::PluginState;
use crate::policy::online::Method;
use crate::policy::{EntitlementServer, Policy, Role};
use crate::request::{RequestView, is_token};
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::rc::Rc;
use std::sync::Arc;

/// A request, and the world around it.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The method.
    pub method: String,
    /// The path with its query; `None`: the first operation of the role.
    pub path: Option<String>,
    /// The host; `None`: the first of `protects.fqdns`.
    pub host: Option<String>,
    /// All other headers but for token and proof.
    pub headers: Vec<(String, String)>,
    /// The token. With a proof it stands under `DPoP`, else under `Bearer`.
    pub token: Option<String>,
    /// The DPoP proof.
    pub proof: Option<String>,
    /// Whether the proof has been used before.
    pub is_proof_used: bool,
    /// The SHA-256 of the client certificate of the connection.
    pub client_certificate: Option<[u8; 32]>,
    /// The body.
    pub body: Body,
    /// What the entitlement server says, should it be asked.
    pub said: Said,
    /// What the servers with `jwks_remote` answer when their keys are fetched, in the order of the configuration; `None`: nobody
    /// has said.
    pub sets: Vec<Option<Vec<u8>>>,
}

/// The body of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Body {
    /// There is one, and nobody has shown it: what depends on it stays undecided.
    #[default]
    NotShown,
    /// There is none: the request ends with its headers.
    None,
    /// This one.
    Given(Vec<u8>),
}

/// What an entitlement server says of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Said {
    /// Nothing against it, in the words of its protocol.
    #[default]
    NothingAgainst,
    /// This, as JSON with status 200.
    Answer(Vec<u8>),
    /// Nothing at all: it cannot be reached.
    NoAnswer,
}

/// A key set that is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitSet {
    /// Its place among those given.
    pub number: usize,
    /// Why.
    pub because: String,
}

impl Question {
    /// Plays the request at `now`, with what `plugin` knows.
    ///
    /// # Errors
    ///
    /// A key set that no server would take, or that no server fetches.
    pub fn put_to(&self, plugin: &Rc<PluginState>, now: UnixTime) -> Result<Explanation, UnfitSet> {
        let given = self.sets.iter().enumerate().filter_map(|(number, set)| Some((number, set.as_deref()?)));
        for (number, body) in given {
            take_set(plugin, number, body, now).map_err(|because| UnfitSet { number, because })?;
        }
        let policy = &plugin.policy;
        let path = self.path.clone().unwrap_or_else(|| first_operation(policy));
        let host = self.host.as_deref().unwrap_or(&policy.protects.realm);
        let scheme = if self.proof.is_some() { "DPoP" } else { "Bearer" };
        let authorization = self.token.as_ref().map(|token| format!("{scheme} {token}"));
        // As Envoy hands them over.
        let headers: Vec<(String, &str)> =
            self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), &**value)).collect();
        let mut pairs: Vec<(&[u8], &[u8])> = vec![
            (b":method", self.method.as_bytes()),
            (b":path", path.as_bytes()),
            (b":authority", host.as_bytes()),
        ];
        pairs.extend(headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        pairs.extend(authorization.iter().map(|value| (&b"authorization"[..], value.as_bytes())));
        pairs.extend(self.proof.iter().map(|proof| (&b"dpop"[..], proof.as_bytes())));
        let pieces = match &self.body {
            Body::Given(body) => Some([&**body]),
            Body::NotShown | Body::None => None,
        };
        let request = RequestView {
            client_certificate: self.client_certificate,
            ..RequestView::new(&pairs, self.body == Body::None)
        };
        let rehearsal = Rehearsal {
            request,
            body: pieces.as_ref().map(|pieces| &pieces[..]),
            trailers: None,
            answer: &|pending| self.answered(pending),
            wait: Wait::Short,
        };
        if self.is_proof_used {
            drop(play(plugin, &rehearsal, now, &NoHost));
        }
        Ok(Explanation::new(play(plugin, &rehearsal, now, &NoHost)))
    }

    /// What the entitlement server is taken to say; nothing of a token that no key has verified, of which only its answer tells.
    fn answered(&self, pending: &PendingIntrospection) -> Option<TokenStatus> {
        let method = &pending.asked.online.method;
        let body = match (&self.said, method) {
            (Said::NoAnswer, _) => return Some(TokenStatus::Unavailable(Cause::Connect)),
            (Said::NothingAgainst, _) if !pending.is_verified() => return None,
            (Said::Answer(body), _) => &**body,
            (Said::NothingAgainst, Method::Rfc7662 { .. }) => b"{\"active\":true}",
            (Said::NothingAgainst, Method::Ts43 { .. }) => b"{\"OperatorTokenValidity\":1}",
        };
        let raw =
            RawResponse { status: Some(200), by_proxy: false, content_types: &[b"application/json"], body };
        Some(introspection::read(method, &raw).last_word())
    }
}

/// The path of the operation that a client of this role calls first.
pub fn first_operation(policy: &Policy) -> String {
    let (api, resource) = match policy.protects.role {
        Role::Ees => ("eees-eecregistration", "/registrations"),
        Role::Ecs => ("eecs-serviceprovisioning", "/request"),
    };
    format!("{}/v1{resource}", policy.protects.api_root.join(api))
}

/// A header in the form `NAME: VALUE`.
///
/// # Errors
///
/// What keeps it from being one (RFC 9110, section 5.5).
pub fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("give a header as `NAME: VALUE`")?;
    if !is_token(name) {
        return Err("that is no name of a header");
    }
    let value = value.trim();
    if value.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
        return Err("that is no value of a header: it has a control character");
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The SHA-256 of the DER of the first certificate in `pem`, if there is one.
pub fn certificate_digest(pem: &str) -> Option<[u8; 32]> {
    let after = pem.split("-----BEGIN CERTIFICATE-----").nth(1);
    let base64: String = after?.split("-----END").next()?.split_whitespace().collect();
    let der = STANDARD.decode(base64).ok().filter(|der| !der.is_empty())?;
    Some(Sha256::digest(der).into())
}

/// Takes `body` for the set of the `number`th server that fetches keys.
fn take_set(plugin: &PluginState, number: usize, body: &[u8], now: UnixTime) -> Result<(), String> {
    let fetching = |server: &&Arc<EntitlementServer>| server.jwks_remote.is_some();
    let server = plugin.policy.entitlement_servers.iter().filter(fetching).nth(number);
    let Some((server, remote)) = server.and_then(|server| Some((server, server.jwks_remote.as_deref()?)))
    else {
        return Err("no server in the configuration has a `jwks_remote` for it".into());
    };
    let media_types = [StoredSet::media_type(remote)];
    let answer = Answer { status: Some(200), content_types: &media_types, content_encodings: &[], body };
    let skew = plugin.policy.token.clock_skew_seconds;
    let moment = Moment { now, fetched_at: now, skew, newest_issue: None };
    let set =
        jwks_remote::read(server, remote, &answer, &moment, &NoHost).map_err(|failure| failure.because)?;
    plugin.take_set(server, 1, now, set);
    Ok(())
}
