//! What a token or a proof says, for people. Nothing is verified here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::json::{self, Json};
use eec_authn::policy::Policy;
use serde_json::{Value, json as object};

/// What claims mean: in the words of solution #25 (TR 33.739, clause 6.25) where it has them, then of the RFCs.
const MEANINGS: &[(&str, &str)] = &[
    ("iss", "FQDN of the entitlement server"),
    ("sub", "EEC ID"),
    ("gpsi", "GPSI"),
    ("aud", "FQDN of the edge ECS or EES"),
    ("exp", "expire time"),
    ("nbf", "not before"),
    ("iat", "issued at"),
    ("jti", "identifier of the token"),
    ("cnf", "what it is bound to"),
    ("scope", "scopes"),
    ("client_id", "OAuth client"),
    ("htm", "method that the proof is for"),
    ("htu", "URL that the proof is for"),
    ("ath", "hash of the token"),
    ("nonce", "nonce of the filter"),
    ("alg", "algorithm"),
    ("kid", "name of the key"),
    ("typ", "type"),
    ("jwk", "the client's public key"),
];

/// Claims that are times.
const TIMES: &[&str] = &["exp", "nbf", "iat"];

/// Header and claims of `token`; with a policy, the claims that it takes for EEC ID and GPSI are called so.
pub(crate) fn decoded(token: &str, policy: Option<&Policy>) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return object!({"form": "opaque", "because": "not three parts: an opaque token, which says nothing itself"});
    };
    let ((header, header_fault), (claims, claims_fault)) =
        match (members("header", header), members("payload", payload)) {
            (Ok(header), Ok(claims)) => (header, claims),
            (Err(because), _) | (_, Err(because)) => return object!({"form": "broken", "because": because}),
        };
    let iss = claims.get("iss").and_then(Json::as_str).unwrap_or_default();
    let server = policy
        .and_then(|policy| policy.entitlement_servers.iter().find(|server| server.identity.matches(iss)));
    let meaning = |name: &str| {
        let named = server.and_then(|server| {
            let places = [
                (&server.claims.eec_id, "EEC ID"),
                (&server.claims.gpsi, "GPSI"),
                (&server.scope_claim, "scopes"),
            ];
            places.into_iter().find(|(place, _)| place.as_claim() == name).map(|(_, meaning)| meaning)
        });
        // Where another claim is the EEC ID, `sub` is a subject like any other.
        let usual = MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
        let usual = if name == "sub" && server.is_some_and(|server| server.claims.eec_id.as_claim() != "sub")
        {
            Some("subject")
        } else {
            usual
        };
        named.or(usual)
    };
    let listed = |object: &Json| -> Vec<Value> {
        let members = object.as_object().unwrap_or_default().iter();
        members
            .map(|(name, value)| {
                let time = TIMES.contains(&&**name).then(|| value.as_finite()).flatten();
                object!({"name": &**name, "meaning": meaning(name), "value": value.to_string(), "time": time})
            })
            .collect()
    };
    let bytes = URL_SAFE_NO_PAD.decode(signature).map(|bytes| bytes.len()).ok();
    let signature_fault =
        bytes.is_none().then(|| "the signature is not base64url without padding".to_owned());
    let fault = header_fault.or(claims_fault).or(signature_fault);
    object!({"form": "jws", "because": fault, "header": listed(&header), "claims": listed(&claims), "signature_bytes": bytes})
}

/// The members of a part, and why it is not strict JSON, if it is not.
fn members(name: &str, part: &str) -> Result<(Json, Option<String>), String> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| format!("the {name} is not base64url"))?;
    let fault = json::parse(&bytes).err().map(|error| format!("the {name} is not strict JSON: {error}"));
    // Duplicates are what somebody may look for here.
    match json::parse_keeping_duplicates(&bytes) {
        Ok(object @ Json::Object(_)) => Ok((object, fault)),
        Ok(other) => Err(format!("the {name} is {} and no JSON object", other.kind())),
        Err(_) => Err(fault.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_have_the_names_of_the_study_and_times_are_told_from_numbers() {
        let shown = decoded(&token(r#"{"alg":"EdDSA"}"#, r#"{"sub":"eec-1","exp":17.5,"jti":"<b>"}"#), None);
        assert_eq!(
            shown["claims"][0],
            object!({"name": "sub", "meaning": "EEC ID", "value": "\"eec-1\"", "time": null})
        );
        assert_eq!(shown["claims"][1]["time"], 17.5);
        assert_eq!(shown["claims"][2]["value"], "\"<b>\"");
        assert_eq!(shown["signature_bytes"], 3);
    }

    /// Each is shown, and that there are two is what the token is refused for.
    #[test]
    fn a_claim_that_is_there_twice_is_shown_twice_and_named() {
        let shown = decoded(&token("{}", r#"{"sub":"eec-1","sub":"eec-2"}"#), None);
        assert_eq!(shown["claims"].as_array().map(Vec::len), Some(2));
        let because = shown["because"].as_str().expect("a reason");
        assert!(because.starts_with("the payload is not strict JSON: "), "{because}");
        assert_eq!(decoded(&token("{}", "{}"), None)["because"], Value::Null);
    }

    #[test]
    fn a_signature_that_is_padded_or_mangled_is_named() {
        let token = token("{}", "{}");
        for mangled in [format!("{token}=="), format!("{token} "), format!("{token}/"), format!("{token}A")] {
            let because = &decoded(&mangled, None)["because"];
            assert_eq!(because, "the signature is not base64url without padding", "{mangled}");
        }
        assert_eq!(decoded(&format!("{token}AA"), None)["because"], Value::Null);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, form, because) in [
            ("opaque", "opaque", "not three parts: an opaque token, which says nothing itself"),
            ("*.e30.", "broken", "the header is not base64url"),
            ("W10.e30.", "broken", "the header is an array and no JSON object"),
            ("e30.ew.", "broken", "the payload is not strict JSON: "),
        ] {
            let shown = decoded(text, None);
            assert_eq!(shown["form"], form, "{text}");
            assert!(shown["because"].as_str().expect("a reason").starts_with(because), "{shown}");
        }
    }
}
