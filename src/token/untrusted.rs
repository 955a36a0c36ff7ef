//! A compact JWS (RFC 7515) before its signature is checked.

use super::{Bearer, Claims, VerifiedToken};
use crate::decision::{Check, Denial, DenyReason, Trace};
use crate::json::{self, Json};
use crate::jws::{self, CompactJws};
use crate::keys::{HostVerifier, KeyHint, KeySet};
use crate::policy::{EntitlementServer, Policy, RequiredType, TokenRules};
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::rc::Rc;
use std::sync::Arc;

/// A well-formed token that nobody has vouched for. Of its claims only `iss` can be read, to find the keys.
pub struct UntrustedToken<'a>(CompactJws<'a>);

impl<'a> UntrustedToken<'a> {
    /// Whether a token is meant to be a JWT: two dots, and a first part that is base64url of a JSON object.
    /// Any other is opaque.
    pub fn is_meant(bearer: Bearer<'_>) -> bool {
        let text = bearer.as_str();
        let header = text.split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD.decode(header).ok().and_then(|bytes| json::parse(&bytes).ok());
        text.bytes().filter(|b| *b == b'.').count() == 2 && header.is_some_and(|h| h.as_object().is_some())
    }

    /// Parses a strict compact JWS with JSON claims.
    ///
    /// # Errors
    ///
    /// `token_malformed`, with the first thing that is wrong.
    pub fn parse(
        bearer: Bearer<'a>,
        rules: &TokenRules,
        trace: &mut Trace,
    ) -> Result<UntrustedToken<'a>, Denial> {
        let malformed = |because| Denial::new(DenyReason::TokenMalformed, because);
        let form = || {
            let typ = match rules.typ {
                RequiredType::AnyOrNone => "JWT or at+jwt",
                RequiredType::AccessToken => "at+jwt",
                RequiredType::Jwt => "JWT",
            };
            format!("a compact JWS with `alg`, `typ` {typ}")
        };
        let text = bearer.as_str().as_bytes();
        let read = CompactJws::parse(text, |header| {
            trace.note(Check::TokenForm, || (form(), format!("header {header}")));
        });
        if read.is_err() {
            trace.note(Check::TokenForm, || (form(), jws::described(text)));
        }
        let jws = read.map_err(malformed)?;
        check_header(&jws, rules.typ).map_err(malformed)?;
        Ok(UntrustedToken(jws))
    }

    /// The entitlement server that `iss` names. Nobody has vouched for that yet.
    ///
    /// # Errors
    ///
    /// `issuer_unknown`.
    pub fn issuer<'p>(
        &self,
        policy: &'p Policy,
        trace: &mut Trace,
    ) -> Result<&'p Arc<EntitlementServer>, Denial> {
        trace.note(Check::Issuer, || {
            let configured = policy.entitlement_servers.iter().map(|server| server.identity.as_str());
            (configured.collect::<Vec<_>>().join(" or "), Json::shown(self.0.payload.get("iss")))
        });
        let iss = self.0.payload.get("iss").and_then(Json::as_str);
        let named = |iss: &str| policy.entitlement_servers.iter().find(|server| server.identity.matches(iss));
        iss.and_then(named).ok_or_else(|| {
            let alike = |iss: &str| policy.entitlement_servers.iter().any(|s| s.identity.has_host_of(iss));
            let because = if iss.is_some_and(alike) {
                "`iss` has the host of a configured entitlement server but is written otherwise: if it is the same issuer, \
                 set that server's `issuer` to exactly this `iss`"
            } else {
                "`iss` names no configured entitlement server"
            };
            Denial::new(DenyReason::IssuerUnknown, because)
        })
    }

    /// What it says that it is bound to. It may only narrow what the entitlement server says.
    pub fn into_cnf(self) -> Option<Json> {
        self.0.payload.get("cnf").cloned()
    }

    /// What the header says about the key.
    pub fn hint(&self) -> KeyHint<'_> {
        self.0.key_hint()
    }

    /// Picks the key among `keys`, those of `server`, and checks the signature with it.
    ///
    /// # Errors
    ///
    /// Those of [`KeySet::select`](crate::keys::KeySet::select), and `signature_invalid`.
    pub fn verify<'p>(
        self,
        server: &'p Arc<EntitlementServer>,
        keys: &'p KeySet,
        now: UnixTime,
        host: &dyn HostVerifier,
        trace: &mut Trace,
    ) -> Result<VerifiedToken<'p>, Denial> {
        let key = keys.select(&self.hint(), now, trace)?;
        trace.note(Check::Signature, || {
            let name = key.kid.as_deref().map(|kid| format!("`{kid}`, thumbprint ")).unwrap_or_default();
            let expected = format!("by the key {name}{}", key.key.thumbprint());
            (expected, format!("{} bytes", self.0.signature.len()))
        });
        if !key.key.verify(self.0.signing_input, &self.0.signature, host) {
            let because = "the signature is not that of the pinned key";
            return Err(Denial::new(DenyReason::SignatureInvalid, because));
        }
        Ok(VerifiedToken {
            server,
            key: Some(key),
            claims: Rc::new(Claims::new(self.0.payload)),
            own_cnf: None,
        })
    }
}

/// What the header says about type and key. Keys in the header (`jwk`, `jku`, `x5u`, `x5c`, `x5t`) are not even looked at.
fn check_header(jws: &CompactJws<'_>, required: RequiredType) -> Result<(), &'static str> {
    if !jws.has_sound_key_names() {
        return Err("`kid` or `x5t#S256` in the header is not a string");
    }
    let found = match jws.header.get("typ") {
        None if required == RequiredType::AnyOrNone => return Ok(()),
        None => return Err("the header has no `typ`, and `token.require_typ` asks for one"),
        Some(_) if jws.is_typ("at+jwt") => RequiredType::AccessToken,
        Some(_) if jws.is_typ("JWT") => RequiredType::Jwt,
        Some(_) => return Err("`typ` is neither `JWT` nor `at+jwt`"),
    };
    if required != RequiredType::AnyOrNone && found != required {
        return Err("`typ` is not what `token.require_typ` asks for");
    }
    Ok(())
}
