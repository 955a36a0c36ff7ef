//! An Ed25519 key pair that signs tokens, for tests.

use super::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed, Signature};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An Ed25519 key pair and its key ID.
pub(crate) struct SigningKey {
    pair: KeyPair,
    kid: String,
}

impl SigningKey {
    /// A fresh key, from the system's randomness.
    pub(crate) fn generate() -> Result<SigningKey, Failure> {
        let pair = KeyPair::from_seed(Seed::new(random()?));
        let kid = thumbprint(&URL_SAFE_NO_PAD.encode(pair.pk.as_ref()));
        Ok(SigningKey { pair, kid })
    }

    /// A key from its private JWK (RFC 8037).
    pub(crate) fn from_private_jwk(jwk: &Value) -> Result<SigningKey, Failure> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let seed = URL_SAFE_NO_PAD.decode(member("d")).ok().and_then(|d| Seed::from_slice(&d).ok());
        let seed = seed.filter(|_| member("crv") == "Ed25519");
        let seed =
            seed.ok_or_else(|| Failure::new("the key is not a private Ed25519 JWK, as `keygen` writes it"))?;
        let pair = KeyPair::from_seed(seed);
        let kid = match member("kid") {
            "" => thumbprint(&URL_SAFE_NO_PAD.encode(pair.pk.as_ref())),
            kid => kid.to_owned(),
        };
        Ok(SigningKey { pair, kid })
    }

    /// The private key as a JWK (RFC 8037).
    pub(crate) fn private_jwk(&self) -> Value {
        let mut jwk = self.public_jwk();
        jwk["d"] = json!(URL_SAFE_NO_PAD.encode(self.pair.sk.seed().as_ref()));
        jwk
    }

    /// The RFC 7638 thumbprint, used as `kid`.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK (RFC 8037).
    pub(crate) fn public_jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.pk.as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig", "alg": "EdDSA"})
    }

    /// A compact JWS (RFC 7515) over `claims`. `header` is signed as it is given.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sk.sign(&signed, None);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// The claims of a compact JWS that this key signed; `None` for any other text.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        self.pair.pk.verify(signed, &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Failure::because("no randomness from the system"))?;
    Ok(bytes)
}

/// A random name of 128 bits, safe in URLs: for `jti` and opaque tokens.
pub(crate) fn random_name() -> Result<String, Failure> {
    Ok(URL_SAFE_NO_PAD.encode(random::<16>()?))
}

/// RFC 7638: SHA-256 over the required members of the JWK in lexical order.
fn thumbprint(x: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037_appendix_a_3() {
        let thumbprint = thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_key_verifies_its_own_tokens_only() {
        let [ours, other] = [SigningKey::generate().unwrap(), SigningKey::generate().unwrap()];
        let claims = json!({"sub": "eec-1"});
        let token = ours.sign(&json!({"alg": "EdDSA"}), &claims);
        assert_eq!(ours.verify(&token), Some(claims));
        assert_eq!(other.verify(&token), None);
        assert_eq!(ours.verify("a.b.c"), None);
        assert_eq!(ours.verify(""), None);
    }
}
