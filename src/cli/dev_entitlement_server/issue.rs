//! `POST /token`: a token for an EEC, good or wrong in just the way that is asked for.

use super::{Entitlement, client_key};
use crate::cli::amend::amend;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::http::{Input, Problem};
use crate::cli::random::random_name;
use crate::cli::signing_key::{Algorithm, SigningKey};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a client may ask for. All but `eec_id` is optional.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    /// `sub`.
    eec_id: String,
    /// `gpsi`: a string or an array of strings.
    gpsi: Option<Value>,
    /// `aud`: a string or an array of strings.
    audience: Option<Value>,
    /// From now to `exp`; 0 or less makes a token that has expired.
    lifetime_seconds: Option<i64>,
    /// A JWT, or a text that only the server understands.
    #[serde(default)]
    format: Format,
    /// The base64url SHA-256 of a client certificate that the token is bound to (RFC 8705).
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    /// In place of the key's own `kid`.
    kid: Option<String>,
    /// Signed by a fresh key that says it is ours; an opaque token is one that the server does not know.
    #[serde(default)]
    forged: bool,
    /// More header parameters (JSON only); `null` takes one away.
    header: Option<Map<String, Value>>,
    /// More claims (JSON only), over those made from the members above; `null` takes one away.
    claims: Option<Map<String, Value>>,
}

/// The two kinds of tokens.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Jwt,
    Opaque,
}

/// Issues a token; the answer is that of RFC 6749, section 5.1. With a proof in the `DPoP` header it is bound to the proof's key.
pub(super) async fn token(
    State(entitlement): State<Arc<Entitlement>>,
    headers: HeaderMap,
    Input(request): Input<TokenRequest>,
) -> Result<([(HeaderName, &'static str); 1], Json<Value>), Problem> {
    let lifetime = request.lifetime_seconds.unwrap_or(entitlement.default_lifetime());
    let (format, forged) = (request.format, request.forged);
    let header = jose_header(&request, &entitlement);
    let jkt = client_key::thumbprint(&headers)?;
    let token_type = if jkt.is_some() { "DPoP" } else { "Bearer" };
    let claims = claims(request, jkt, lifetime, &entitlement)?;
    let token = match (format, forged) {
        (Format::Jwt, false) => entitlement.key().sign(&header, &claims),
        (Format::Jwt, true) => {
            SigningKey::generate(Algorithm::EdDsa).map_err(internal)?.sign(&header, &claims)
        }
        (Format::Opaque, false) => {
            let token = random_name().map_err(internal)?;
            entitlement.issued_tokens().keep(&token, claims)?;
            token
        }
        (Format::Opaque, true) => random_name().map_err(internal)?,
    };
    let answer = json!({"access_token": token, "token_type": token_type, "expires_in": lifetime});
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

fn jose_header(request: &TokenRequest, entitlement: &Entitlement) -> Value {
    let key = entitlement.key();
    let kid = request.kid.as_deref().unwrap_or(key.kid());
    let mut header = json!({"alg": key.alg(), "typ": "JWT", "kid": kid});
    if let Some(changes) = &request.header {
        amend(&mut header, changes);
    }
    header
}

fn claims(
    request: TokenRequest,
    jkt: Option<String>,
    lifetime: i64,
    entitlement: &Entitlement,
) -> Result<Value, Problem> {
    if request.eec_id.is_empty() {
        return Err(Problem::bad_request("`eec_id` is empty; name the EEC"));
    }
    let audience = match request.audience {
        Some(audience) => string_or_strings("audience", audience)?,
        None => match entitlement.default_audience() {
            [] => {
                return Err(Problem::bad_request(
                    "`audience` is missing; give it, or start the server with `--audience`",
                ));
            }
            [one] => json!(one),
            several => json!(several),
        },
    };
    let expires = clock::now().saturating_add(lifetime);
    // An expired token was issued while it was good: only its expiry is wrong.
    let issued = clock::now().min(expires.saturating_sub(1));
    let mut claims = json!({
        "iss": entitlement.issuer(),
        "sub": request.eec_id,
        "aud": audience,
        "iat": issued,
        "exp": expires,
        "jti": random_name().map_err(internal)?,
    });
    if let Some(gpsi) = request.gpsi {
        claims["gpsi"] = string_or_strings("gpsi", gpsi)?;
    }
    for (name, value) in [("jkt", jkt), ("x5t#S256", request.x5t_s256)] {
        if let Some(value) = value {
            claims["cnf"][name] = json!(value);
        }
    }
    if let Some(changes) = &request.claims {
        amend(&mut claims, changes);
    }
    Ok(claims)
}

fn string_or_strings(member: &str, value: Value) -> Result<Value, Problem> {
    let good = match &value {
        Value::String(_) => true,
        Value::Array(entries) => !entries.is_empty() && entries.iter().all(Value::is_string),
        _ => false,
    };
    if good {
        Ok(value)
    } else {
        Err(Problem::bad_request(format!("`{member}` is not a string or an array of strings")))
    }
}

fn internal(failure: Failure) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, failure.to_string())
}
