//! What stands in the page's fields, as the core takes it.

use crate::test_key::TestKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::explanation::{Body, Question, Said, certificate_digest, header};
use eec_authn::time::UnixTime;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The text of a member; empty where there is none.
pub(crate) fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// The time that is asked about.
pub(crate) fn now(question: &Value) -> UnixTime {
    question["now"].as_f64().and_then(UnixTime::new).unwrap_or(UnixTime::EPOCH)
}

/// A token or a proof: `{"text"}` as it is, or `{"header", "claims", "key"}` to be signed; `ath` takes the place of `@ath`.
///
/// # Errors
///
/// What the key lacks.
pub(crate) fn signed(given: &Value, ath: Option<&str>) -> Result<Option<String>, String> {
    if given.is_null() {
        return Ok(None);
    }
    if let Some(text) = given["text"].as_str() {
        let text = text.trim();
        return Ok((!text.is_empty()).then(|| text.to_owned()));
    }
    let key = TestKey::read(&given["key"]).ok_or("there is no test key to sign with: make one")?;
    let claims = text(given, "claims").replace("@ath", ath.unwrap_or("@ath"));
    Ok(Some(key.sign(text(given, "header"), &claims)))
}

/// The `ath` of a proof for this token (RFC 9449, section 4.2).
pub(crate) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// The request with what is around it.
///
/// # Errors
///
/// Which field cannot be taken, and why.
pub(crate) fn question(
    given: &Value,
    token: Option<String>,
    proof: Option<String>,
) -> Result<Question, String> {
    let headers = given["headers"].as_array().into_iter().flatten();
    let headers: Result<Vec<_>, String> = headers.map(one_header).collect();
    let certificate = text(given, "certificate").trim();
    let client_certificate = match certificate {
        "" => None,
        pem => Some(certificate_digest(pem).ok_or("the client certificate is not one in PEM")?),
    };
    let sets = given["sets"].as_array().into_iter().flatten();
    let sets = sets.map(|set| set.as_str().filter(|set| !set.trim().is_empty()));
    let optional = |name: &str| given[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Question {
        method: text(given, "method").to_owned(),
        path: optional("path"),
        host: optional("host"),
        headers: headers?,
        token,
        proof,
        is_proof_used: given["used_proof"] == true,
        client_certificate,
        body: given["body"].as_str().map_or(Body::None, |body| Body::Given(body.as_bytes().to_vec())),
        said: match &given["answer"] {
            Value::String(body) => Said::Answer(body.as_bytes().to_vec()),
            Value::Bool(false) => Said::NoAnswer,
            _ => Said::NothingAgainst,
        },
        sets: sets.map(|set| set.map(|set| set.as_bytes().to_vec())).collect(),
    })
}

/// A header of the page, `[name, value]`, in which the value is missing where a line had no colon.
fn one_header(given: &Value) -> Result<(String, String), String> {
    let parts: Vec<&str> = given.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let line = parts.join(": ");
    let shown: String = line.chars().take(80).collect();
    header(&line).map_err(|because| format!("the header {}: {because}", Value::from(shown)))
}
