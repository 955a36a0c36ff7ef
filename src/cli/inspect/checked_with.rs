//! Which entitlement server and key of a configuration a token would be checked with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::decision::Denial;
use eec_authn::decision::Trace;
use eec_authn::json::{self, Json};
use eec_authn::keys::{KeyHint, PinnedKey};
use eec_authn::policy::online::{ApplyTo, Method};
use eec_authn::policy::{EntitlementServer, Policy};
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use eec_authn::token::{Credentials, UntrustedToken};
use serde_json::{Value, json as object};

/// Who would vouch for a token.
pub(super) enum CheckedWith<'p> {
    /// This key; its server may be asked as well.
    Key(&'p EntitlementServer, &'p PinnedKey),
    /// A key of the set that this server's keys are fetched from, should it be there.
    Fetched(&'p EntitlementServer),
    /// The answer of this server alone.
    Answer(&'p EntitlementServer),
    /// Nobody: the token would be denied. The server is the one that the token names, if it names one.
    Nobody(Option<&'p EntitlementServer>, Denial),
}

/// Walks as the filter does, up to the choice of the key.
pub(super) fn checked_with<'p>(policy: &'p Policy, token: &str, now: UnixTime) -> CheckedWith<'p> {
    let authorization = format!("Bearer {token}");
    let pairs: [(&[u8], &[u8]); 1] = [(b"authorization", authorization.as_bytes())];
    let nobody = |denial| CheckedWith::Nobody(None, denial);
    let trace = &mut Trace::off();
    let credentials = Credentials::from_request(&RequestView::new(&pairs, true), false, trace);
    let bearer = match credentials.and_then(|given| given.bearer(policy.token.max_bytes, trace)) {
        Ok(bearer) => bearer,
        Err(denial) => return nobody(denial),
    };
    if let Some(asked) = policy.opaque_server.as_ref().filter(|_| !UntrustedToken::is_meant(bearer)) {
        return CheckedWith::Answer(&asked.server);
    }
    let token_of = UntrustedToken::parse(bearer, &policy.token, trace);
    let server = match token_of.and_then(|token| token.issuer(policy, trace)) {
        Ok(server) => server,
        Err(denial) => return nobody(denial),
    };
    if !server.has_keys() {
        return CheckedWith::Answer(server);
    }
    let header = header(token);
    let text = |name| header.as_ref().and_then(|header| header.get(name)).and_then(Json::as_str);
    let hint = KeyHint { alg: text("alg").unwrap_or_default(), kid: text("kid"), x5t_s256: text("x5t#S256") };
    // The filter fetches the set for every name that no pinned key has; without a name, the set counts too.
    if server.jwks_remote.is_some() && !(hint.names_a_key() && server.keys.knows(&hint)) {
        return CheckedWith::Fetched(server);
    }
    match server.keys.select(&hint, now, trace) {
        Ok(key) => CheckedWith::Key(server, key),
        Err(denial) => CheckedWith::Nobody(Some(server), denial),
    }
}

fn header(token: &str) -> Option<Json> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    json::parse(&bytes).ok()
}

impl CheckedWith<'_> {
    /// Whether a request with the token is denied in any case.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, CheckedWith::Nobody(..))
    }

    /// For people and machines.
    pub(super) fn shown(&self, policy: &Policy) -> Value {
        let (server, key, denial) = match self {
            CheckedWith::Key(server, key) => (Some(*server), Some(*key), None),
            CheckedWith::Fetched(server) | CheckedWith::Answer(server) => (Some(*server), None, None),
            CheckedWith::Nobody(server, denial) => (*server, None, Some(denial)),
        };
        let alone = matches!(self, CheckedWith::Answer(_));
        let asked = server.and_then(|server| method_of(server, alone)).filter(|_| denial.is_none());
        let mut shown = object!({
            "path": server.map(|server| format!("entitlement_servers[{}]", server.number)),
            "entitlement_server": server.map(|server| server.identity.as_str()),
            "key": key.map(pinned),
            "online": asked,
        });
        if let CheckedWith::Fetched(server) = self {
            shown["undecided"] = object!(
                "its key would come with the set that is fetched (`jwks_remote`); `explain --jwks FILE` decides with one"
            );
            shown["pinned"] = server.keys.keys().iter().map(pinned).collect();
        }
        if let Some(denial) = denial {
            shown["denied"] = object!(denial.reason.code());
            shown["because"] = object!(denial.because);
            // What the token could have named.
            if let Some(server) = server {
                shown["pinned"] = server.keys.keys().iter().map(pinned).collect();
            } else {
                let servers = policy.entitlement_servers.iter();
                shown["configured"] = servers.map(|server| server.identity.as_str()).collect();
            }
        }
        shown
    }
}

/// How the server is asked about the token; `alone` if no key vouches for it.
fn method_of(server: &EntitlementServer, alone: bool) -> Option<&'static str> {
    let online = server.online.as_ref().filter(|online| alone || online.apply_to == ApplyTo::All)?;
    Some(match online.method {
        Method::Rfc7662 { .. } => "rfc7662",
        Method::Ts43 { .. } => "ts43",
    })
}

/// A key, for people and machines.
pub(super) fn pinned(key: &PinnedKey) -> Value {
    let time = |time: Option<UnixTime>| time.map(|time| time.to_string());
    object!({
        "kid": key.kid,
        "alg": key.key.algorithm().name(),
        "thumbprint": key.key.thumbprint(),
        "x5t#S256": key.x5t_s256,
        "not_before": time(key.window.not_before),
        "not_after": time(key.window.not_after),
    })
}
