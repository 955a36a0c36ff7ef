//! A key pair that signs tokens, for tests.

mod algorithm;
mod pair;
mod rsa_pair;

use super::failure::Failure;
use super::input;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pair::Pair;
use serde_json::{Map, Value, json};
use std::path::Path;

pub(crate) use algorithm::Algorithm;

/// A key pair and its key ID.
pub(crate) struct SigningKey {
    pair: Pair,
    kid: String,
}

impl SigningKey {
    /// A fresh key, from the system's randomness.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<SigningKey, Failure> {
        let pair = Pair::generate(algorithm)?;
        Ok(SigningKey { kid: pair.thumbprint(), pair })
    }

    /// A key from its private JWK (RFC 7518, RFC 8037).
    pub(crate) fn from_private_jwk(jwk: &Value) -> Result<SigningKey, Failure> {
        let pair = Pair::from_private_jwk(jwk).ok_or_else(|| {
            let public = jwk.get("kty").is_some() && jwk.get("d").is_none();
            Failure::new(if public || jwk.get("jwk").is_some() {
                "the key is a public one, which signs nothing; give the private JWK, as `keygen --out` writes it"
            } else {
                "the key is not a private JWK of Ed25519, P-256, P-384 or RSA (RS256 or PS256, 2048 to 8192 bits), as \
                 `keygen` writes it"
            })
        })?;
        let kid = match jwk.get("kid").and_then(Value::as_str) {
            None | Some("") => pair.thumbprint(),
            Some(kid) => kid.to_owned(),
        };
        Ok(SigningKey { pair, kid })
    }

    /// The key in a file that `keygen` has written.
    pub(crate) fn read(path: &Path) -> Result<SigningKey, Failure> {
        let text = input::file(path)?;
        let inside = |what: String| Failure::new(format!("{}: {what}", path.display()));
        if text.trim().is_empty() {
            let remedy = "give the file that `keygen --out` has written";
            return Err(Failure::new(format!("{} is empty; {remedy}", path.display())));
        }
        if text.contains("-----BEGIN") {
            return Err(inside(
                "the key is PEM, and this wants a private JWK; make a test key by `eec-authn keygen --out key.json` and \
                 pin the entry that it prints beside the other"
                    .into(),
            ));
        }
        let jwk = serde_json::from_str(&text).map_err(|error| {
            inside(format!("the key is not JSON ({error}); give the file that `keygen --out` has written"))
        })?;
        SigningKey::from_private_jwk(&jwk).map_err(|failure| inside(failure.to_string()))
    }

    /// The RFC 7638 thumbprint.
    pub(crate) fn thumbprint(&self) -> String {
        self.pair.thumbprint()
    }

    /// The header of a DPoP proof by it (RFC 9449, section 4.2).
    pub(crate) fn proof_header(&self) -> Value {
        let jwk: Map<String, Value> = self
            .pair
            .public_members()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        json!({"typ": "dpop+jwt", "alg": self.alg(), "jwk": jwk})
    }

    /// The private key as a JWK.
    pub(crate) fn private_jwk(&self) -> Value {
        let mut jwk = self.public_jwk();
        for (name, value) in self.pair.private_members() {
            jwk[name] = json!(value);
        }
        jwk
    }

    /// The RFC 7638 thumbprint, used as `kid`, or the `kid` that was in its JWK.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The `alg` of its tokens.
    pub(crate) fn alg(&self) -> &'static str {
        self.algorithm().name()
    }

    /// The algorithm of its tokens.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.pair.algorithm()
    }

    /// The SubjectPublicKeyInfo of an RSA key.
    pub(crate) fn rsa_spki(&self) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::Rsa(pair) => pair.spki(),
            Pair::Ed25519(_) | Pair::P256(_) | Pair::P384(_) => None,
        }
    }

    /// The public key as a JWK.
    pub(crate) fn public_jwk(&self) -> Value {
        let mut jwk = json!({"kid": self.kid, "use": "sig", "alg": self.alg()});
        for (name, value) in self.pair.public_members() {
            jwk[name] = json!(value);
        }
        jwk
    }

    /// A compact JWS (RFC 7515) over `claims`. `header` is signed as it is given.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(self.signature(signed.as_bytes())))
    }

    /// The signature over any bytes, as a JWS has it.
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message)
    }

    /// The claims of a compact JWS that this key signed; `None` for any other text.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let own = self.pair.has_signed(signed.as_bytes(), &signature)?;
        own.then(|| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Algorithm; 5] =
        [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256, Algorithm::Ps256];

    #[test]
    fn the_key_and_thumbprint_of_rfc_8037_appendix_a() {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"});
        let key = SigningKey::from_private_jwk(&jwk).unwrap();
        assert_eq!(key.public_jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_key_of_rfc_7515_appendix_a_3() {
        let jwk = json!({"kty": "EC", "crv": "P-256", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
        let public = SigningKey::from_private_jwk(&jwk).unwrap().public_jwk();
        assert_eq!(public["x"], "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_eq!(public["y"], "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    }

    #[test]
    fn a_key_verifies_its_own_tokens_only() {
        for algorithm in ALL {
            let [ours, other] = [(); 2].map(|()| SigningKey::generate(algorithm).unwrap());
            let claims = json!({"sub": "eec-1"});
            let token = ours.sign(&json!({"alg": ours.alg()}), &claims);
            assert_eq!(ours.verify(&token), Some(claims));
            assert_eq!(other.verify(&token), None);
            assert_eq!(ours.verify("a.b.c"), None);
            assert_eq!(ours.verify(""), None);
            let again = SigningKey::from_private_jwk(&ours.private_jwk()).unwrap();
            assert_eq!(again.public_jwk(), ours.public_jwk());
        }
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        let good = SigningKey::generate(Algorithm::Es384).unwrap().private_jwk();
        for (member, value) in [("crv", "P-256"), ("crv", "P-521"), ("d", ""), ("d", "!")] {
            let mut jwk = good.clone();
            jwk[member] = json!(value);
            assert!(SigningKey::from_private_jwk(&jwk).is_err(), "{member} {value}");
        }
        let order = URL_SAFE_NO_PAD.encode([255; 48]);
        let mut jwk = good;
        jwk["d"] = json!(order);
        assert!(SigningKey::from_private_jwk(&jwk).is_err(), "above the curve's order");

        let good = SigningKey::generate(Algorithm::Ps256).unwrap().private_jwk();
        let one = "AQ";
        for (member, value) in [
            ("alg", "RS384"),
            ("n", one),
            ("n", ""),
            ("e", one),
            ("e", "Ag"),
            ("d", one),
            ("d", "!"),
            ("p", one),
            ("q", ""),
            ("kty", "EC"),
        ] {
            let mut jwk = good.clone();
            jwk[member] = json!(value);
            assert!(SigningKey::from_private_jwk(&jwk).is_err(), "{member} {value}");
        }
        let mut without_primes = good.clone();
        for member in ["p", "q", "dp", "dq", "qi"] {
            without_primes.as_object_mut().unwrap().remove(member);
        }
        assert_eq!(SigningKey::from_private_jwk(&without_primes).unwrap().public_jwk(), {
            let mut public = good.clone();
            public
                .as_object_mut()
                .unwrap()
                .retain(|name, _| without_primes.get(name).is_some() && name != "d");
            public
        });
        without_primes["d"] = json!("AQAD");
        assert!(SigningKey::from_private_jwk(&without_primes).is_err(), "the exponent of another key");
    }
}
