//! What must come of a request, and what of an answer is otherwise.

use super::environment::Environment;
use super::names;
use super::observed::Observed;
use super::witnesses::Recorded;
use eec_authn::decision::Scheme;
use serde_json::json;

/// What must come of a request.
#[derive(Clone, Copy)]
pub(super) enum Expected {
    /// 201 from the EES, which saw the verified identity and nothing else.
    Registered,
    /// 204 from the EES.
    Deregistered,
    /// The filter's answer, with status and code; the EES saw nothing.
    Refused(u16, &'static str),
}

impl Expected {
    /// As Envoy must have recorded it.
    pub(super) fn recorded(self) -> Recorded {
        let (status, code) = match self {
            Expected::Registered => (201, None),
            Expected::Deregistered => (204, None),
            Expected::Refused(status, code) => (status, Some(code)),
        };
        Recorded { at_ecs: false, status, code, in_crowd: false }
    }

    /// As the story prints it.
    pub(super) fn text(self) -> String {
        match self {
            Expected::Registered => "201".to_owned(),
            Expected::Deregistered => "204".to_owned(),
            Expected::Refused(status, code) => format!("{status} {code}"),
        }
    }

    /// All that is not as told.
    pub(super) fn faults(self, observed: &Observed, environment: &Environment) -> Vec<String> {
        if observed.text() != self.text() {
            return vec![format!("the body is {}", observed.body)];
        }
        match self {
            Expected::Registered => registered(observed, environment),
            Expected::Deregistered if observed.reached_ees => Vec::new(),
            Expected::Deregistered => vec!["the request never reached the EES".to_owned()],
            Expected::Refused(status, code) => {
                refused(observed, &challenge(&environment.ees_fqdn, status, code, observed.scheme))
            }
        }
    }
}

fn registered(observed: &Observed, environment: &Environment) -> Vec<String> {
    let identity = json!({
        "x-eec-id": names::EEC_ID,
        "x-eec-gpsi": names::GPSI,
        "x-eec-issuer": environment.issuer,
        "x-eec-token-id": observed.token.as_ref().map(|token| token.shown()["jti"].clone()),
    });
    let mut faults = Vec::new();
    if observed.seen() != Some(&identity) {
        faults.push(format!("the EES should have seen {identity}"));
    }
    let location = observed.location_path();
    if !location.starts_with(names::REGISTRATIONS) {
        faults.push("`location` names no registration".to_owned());
    }
    if environment.ees.has(&location) {
        faults.push(format!("`location` is the EES's own, without a seal: {location}"));
    }
    faults
}

fn refused(observed: &Observed, challenge: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if observed.reached_ees {
        faults.push("the request reached the EES".to_owned());
    }
    let headers = [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("www-authenticate", challenge),
    ];
    for (name, value) in headers {
        let got = observed.header(name);
        if got != value {
            faults.push(format!("`{name}` is `{got}`, not `{value}`"));
        }
    }
    faults
}

/// `WWW-Authenticate` (RFC 6750, RFC 9449), with the error at the scheme that was used: none for a 403 that no better token
/// would change.
fn challenge(realm: &str, status: u16, code: &str, used: Scheme) -> String {
    let error = |scheme: Scheme| match code {
        "token_missing" => String::new(),
        code if scheme == used => format!(r#", error="invalid_token", error_description="{code}""#),
        _ => String::new(),
    };
    let [bearer, dpop] = [Scheme::Bearer, Scheme::Dpop].map(error);
    match status {
        401 => format!(
            r#"Bearer realm="{realm}"{bearer}, DPoP realm="{realm}", algs="ES256 Ed25519 EdDSA"{dpop}"#
        ),
        _ => String::new(),
    }
}
