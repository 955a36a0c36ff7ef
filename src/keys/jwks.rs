//! JSON Web Key sets (RFC 7517, section 5), as an issuer publishes them.

use super::error::{KeyError, KeyErrors, KeyFault};
use super::jwk::Jwk;
use crate::json::Json;

/// The verification keys of a set.
#[derive(Debug, Clone)]
pub struct JwkSet {
    /// The usable keys with their index in `keys`: at least one.
    pub keys: Vec<(usize, Jwk)>,
    /// Why other members were left out; `member` is such as `.keys[1].use`.
    pub warnings: KeyErrors,
}

impl JwkSet {
    /// Reads a set. Keys for other purposes or of other types are left out with a warning; it is an error if
    /// none is left, or if one is malformed, weak, symmetric or private.
    ///
    /// # Errors
    ///
    /// All of them, each with the member that is wrong, such as `.keys[1].x`.
    pub fn parse(jwks: &Json) -> Result<JwkSet, KeyErrors> {
        let Some(items) = jwks.get("keys").and_then(Json::as_array) else {
            let message = "is no JWK set; it needs an array `keys` (RFC 7517, section 5)";
            return Err(vec![KeyError::invalid("", message)]);
        };
        let mut keys = Vec::new();
        let mut warnings = KeyErrors::new();
        let mut errors = KeyErrors::new();
        for (index, item) in items.iter().enumerate() {
            let at =
                |error: KeyError| KeyError { member: format!(".keys[{index}]{}", error.member), ..error };
            match Jwk::parse(item) {
                Ok(jwk) => keys.push((index, jwk)),
                Err(found) => {
                    let (invalid, unusable): (KeyErrors, KeyErrors) =
                        found.into_iter().map(at).partition(|e| e.fault == KeyFault::Invalid);
                    errors.extend(invalid);
                    warnings.extend(unusable);
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if keys.is_empty() {
            let mut none =
                vec![KeyError::invalid(".keys", "has no usable key; add a public key for signatures")];
            none.append(&mut warnings);
            return Err(none);
        }
        Ok(JwkSet { keys, warnings })
    }
}
