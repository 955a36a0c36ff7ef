//! What each check expected and found. The decision is the engine's; these are the facts it had.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::decision::DenyReason;
use eec_authn::engine::{self, Entry, Route};
use eec_authn::json::{self, Json};
use eec_authn::policy::online::ApplyTo;
use eec_authn::policy::{GpsiMode, Policy};
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::Value;

/// Policy, request and token, for explaining.
pub(super) struct Facts<'a> {
    policy: &'a Policy,
    request: &'a RequestView<'a>,
    token: Option<&'a str>,
    header: Option<Json>,
    claims: Option<Json>,
    body: Option<&'a [u8]>,
    route: Option<Route>,
    now: UnixTime,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        request: &'a RequestView<'a>,
        token: Option<&'a str>,
        body: Option<&'a [u8]>,
        now: UnixTime,
    ) -> Facts<'a> {
        let part = |n: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(token?.split('.').nth(n)?).ok()?;
            json::parse(&bytes).ok()
        };
        let route = match engine::route(policy, request) {
            Ok(Entry::Authenticate(route)) => Some(route),
            _ => None,
        };
        Facts { policy, request, token, header: part(0), claims: part(1), body, route, now }
    }

    /// Whether the body has to be seen.
    pub(super) fn needs_body(&self) -> bool {
        self.route.is_some_and(|route| engine::needs_body(self.policy, route))
    }

    /// Whether the check means anything for this request.
    pub(super) fn applies(&self, reason: DenyReason, has_body: bool) -> bool {
        use DenyReason::*;
        let servers = &self.policy.entitlement_servers;
        let rule = self.route.and_then(|route| self.policy.rules.get(route.rule_number()?));
        match reason {
            HostMismatch => self.policy.protects.check_host,
            TokenInactive | EntitlementUnavailable => servers.iter().any(|server| server.online.is_some()),
            ClaimMismatch => rule.is_some_and(|rule| !rule.claims.is_empty()),
            BodyRequired | MediaTypeUnsupported => self.needs_body(),
            BodyTooLarge | BodyMalformed | BindingMissing | BindingMismatch => self.needs_body() && has_body,
            _ => true,
        }
    }

    /// What was expected and found, for people.
    pub(super) fn of(&self, reason: DenyReason) -> String {
        use DenyReason::*;
        let rules = &self.policy.token;
        let skew = rules.clock_skew_seconds;
        match reason {
            PathNotNormal => lossy(self.request.target),
            RouteUnmatched | RouteDenied => self.route_text(),
            HostMismatch => {
                let names: Vec<&str> = self.policy.protects.fqdns.iter().map(|f| f.as_str()).collect();
                format!("`{}`; accepted: {}", lossy(self.request.authority), names.join(", "))
            }
            TokenMissing => if self.token.is_some() { "a bearer token" } else { "no token" }.into(),
            TokenTooLarge => {
                format!("{} bytes; at most {}", self.token.map_or(0, str::len), rules.max_bytes)
            }
            TokenMalformed => self.header.as_ref().map(text).unwrap_or_else(|| "not a JWT header".into()),
            IssuerUnknown => {
                let names: Vec<&str> =
                    self.policy.entitlement_servers.iter().map(|server| server.identity.as_str()).collect();
                format!("iss {}; configured: {}", self.claim("iss"), names.join(", "))
            }
            AlgorithmNotAllowed | KeyUnknown | KeyNotValidNow => self.key_text(),
            SignatureInvalid => "by the pinned key".into(),
            TokenExpired => format!("exp {}, now {}, skew {skew} s", self.time("exp"), self.now),
            TokenNotYetValid => {
                format!("nbf {}, iat {}, now {}", self.time("nbf"), self.time("iat"), self.now)
            }
            LifetimeTooLong => {
                format!(
                    "from {} to {}; at most {} s",
                    self.time("iat"),
                    self.time("exp"),
                    rules.max_lifetime_seconds
                )
            }
            AudienceMismatch => format!("aud {}", self.claim("aud")),
            ClaimMissing => {
                let required: Vec<&str> = rules.require_claims.iter().map(|claim| claim.as_str()).collect();
                format!("needs iss, {}, aud, exp {}", rules.eec_id_claim.as_str(), required.join(", "))
            }
            ClaimMalformed => {
                format!("EEC ID {}, GPSI {}", self.at(&rules.eec_id_claim), self.at(&rules.gpsi_claim))
            }
            ConfirmationFailed => format!("cnf {}", self.claim("cnf")),
            TokenRevoked => format!("jti {}, iat {}", self.claim("jti"), self.time("iat")),
            TokenInactive | EntitlementUnavailable => self.online_text(),
            ClaimMismatch => "the claims of the rule".into(),
            BodyRequired => self.body.map_or("not given".into(), |body| format!("{} bytes", body.len())),
            MediaTypeUnsupported => "application/json, UTF-8".into(),
            BodyTooLarge => format!("at most {} bytes", self.policy.body.limit_bytes),
            BindingMissing | BindingMismatch => self.binding_text(),
            HeaderNotAllowed | TokenRepeated | BodyMalformed => String::new(),
        }
    }

    fn route_text(&self) -> String {
        let Some(route) = self.route else { return lossy(self.request.target) };
        let rule = route.rule_number().map(|number| {
            let name =
                self.policy.rules.get(number).and_then(|rule| rule.name.as_deref()).unwrap_or_default();
            format!("rules[{number}] {name}")
        });
        let operation = route.operation().map(|op| format!("{} of {} {}", op.method, op.api, op.resource));
        [rule, operation].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn key_text(&self) -> String {
        let header = |name| self.header.as_ref().and_then(|h| h.get(name)).map_or("none".into(), text);
        let mut keys = Vec::new();
        let iss = self.claims.as_ref().and_then(|claims| claims.get("iss")?.as_str());
        let server =
            self.policy.entitlement_servers.iter().find(|s| iss.is_some_and(|iss| s.identity.matches(iss)));
        for key in server.map(|server| server.keys.keys()).unwrap_or_default() {
            let open = if key.window.contains(self.now) { "" } else { ", not now" };
            keys.push(format!(
                "{} {}{open}",
                key.kid.as_deref().unwrap_or("(no kid)"),
                key.key.algorithm().name()
            ));
        }
        format!("alg {}, kid {}; pinned: {}", header("alg"), header("kid"), keys.join("; "))
    }

    fn online_text(&self) -> String {
        let ask = |apply_to| match apply_to {
            ApplyTo::All => "every token",
            ApplyTo::Opaque => "tokens that are no JWTs",
        };
        let servers = self.policy.entitlement_servers.iter();
        let asked: Vec<String> = servers
            .filter_map(|s| {
                Some(format!("{} about {}", s.identity.as_str(), ask(s.online.as_ref()?.apply_to)))
            })
            .collect();
        format!("would ask {}; not asked now", asked.join(", "))
    }

    fn binding_text(&self) -> String {
        let mode = match self.policy.gpsi {
            GpsiMode::Off => "off",
            GpsiMode::IfPresent => "if_present",
            GpsiMode::Required => "required",
        };
        let rules = &self.policy.token;
        let (eec, gpsi) = (self.at(&rules.eec_id_claim), self.at(&rules.gpsi_claim));
        format!(
            "token: EEC ID {eec}, GPSI {gpsi} ({mode}); body: {}",
            self.body.map(lossy).unwrap_or_default()
        )
    }

    fn claim(&self, name: &str) -> String {
        self.claims.as_ref().and_then(|claims| claims.get(name)).map_or("absent".into(), text)
    }

    fn at(&self, pointer: &json::Pointer) -> String {
        self.claims.as_ref().and_then(|claims| pointer.resolve(claims)).map_or("absent".into(), text)
    }

    fn time(&self, name: &str) -> String {
        let seconds = self.claims.as_ref().and_then(|claims| claims.get(name)?.as_finite());
        seconds.and_then(UnixTime::new).map_or_else(|| self.claim(name), |time| time.to_string())
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A value as JSON.
fn text(json: &Json) -> String {
    value(json).to_string()
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => {
            serde_json::from_str(number).unwrap_or_else(|_| Value::from(number.to_string()))
        }
        Json::String(text) => Value::from(text.to_string()),
        Json::Array(items) => items.iter().map(value).collect(),
        Json::Object(members) => members.iter().map(|(name, v)| (name.to_string(), value(v))).collect(),
    }
}
