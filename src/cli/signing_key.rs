//! A key pair that signs tokens, for tests.

use super::failure::Failure;
use super::random::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The algorithms that tokens are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Algorithm {
    /// Ed25519.
    #[value(name = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[value(name = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[value(name = "ES384")]
    Es384,
}

/// A key pair and its key ID.
pub(crate) struct SigningKey {
    pair: Pair,
    kid: String,
}

enum Pair {
    Ed25519(Box<KeyPair>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl SigningKey {
    /// A fresh key, from the system's randomness.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<SigningKey, Failure> {
        // A few numbers of that length are no private keys: zero, and what is above the curve's order.
        let pair = loop {
            let bytes = match algorithm {
                Algorithm::Es384 => random::<48>()?.to_vec(),
                Algorithm::EdDsa | Algorithm::Es256 => random::<32>()?.to_vec(),
            };
            if let Some(pair) = Pair::from_private(algorithm, &bytes) {
                break pair;
            }
        };
        Ok(SigningKey { kid: pair.thumbprint(), pair })
    }

    /// A key from its private JWK (RFC 7518, RFC 8037).
    pub(crate) fn from_private_jwk(jwk: &Value) -> Result<SigningKey, Failure> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let algorithm = match member("crv") {
            "Ed25519" => Some(Algorithm::EdDsa),
            "P-256" => Some(Algorithm::Es256),
            "P-384" => Some(Algorithm::Es384),
            _ => None,
        };
        let private = URL_SAFE_NO_PAD.decode(member("d")).ok();
        let pair = algorithm.zip(private).and_then(|(algorithm, d)| Pair::from_private(algorithm, &d));
        let pair = pair.ok_or_else(|| {
            Failure::new("the key is not a private JWK of Ed25519, P-256 or P-384, as `keygen` writes it")
        })?;
        let kid = match member("kid") {
            "" => pair.thumbprint(),
            kid => kid.to_owned(),
        };
        Ok(SigningKey { pair, kid })
    }

    /// The key in a file that `keygen` has written.
    pub(crate) fn read(path: &Path) -> Result<SigningKey, Failure> {
        let text = std::fs::read_to_string(path).map_err(Failure::because("cannot read the key"))?;
        let jwk = serde_json::from_str(&text).map_err(Failure::because("the key is not JSON"))?;
        SigningKey::from_private_jwk(&jwk)
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
        jwk["d"] = json!(match &self.pair {
            Pair::Ed25519(pair) => URL_SAFE_NO_PAD.encode(pair.sk.seed().as_ref()),
            Pair::P256(key) => URL_SAFE_NO_PAD.encode(key.to_bytes()),
            Pair::P384(key) => URL_SAFE_NO_PAD.encode(key.to_bytes()),
        });
        jwk
    }

    /// The RFC 7638 thumbprint, used as `kid`, or the `kid` that was in its JWK.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The `alg` of its tokens.
    pub(crate) fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Ed25519(_) => "EdDSA",
            Pair::P256(_) => "ES256",
            Pair::P384(_) => "ES384",
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

impl Pair {
    /// The pair of a private key: a seed, or a number of the curve's length.
    fn from_private(algorithm: Algorithm, bytes: &[u8]) -> Option<Pair> {
        Some(match algorithm {
            Algorithm::EdDsa => Pair::Ed25519(Box::new(KeyPair::from_seed(Seed::from_slice(bytes).ok()?))),
            Algorithm::Es256 if bytes.len() == 32 => {
                Pair::P256(p256::ecdsa::SigningKey::from_slice(bytes).ok()?)
            }
            Algorithm::Es384 if bytes.len() == 48 => {
                Pair::P384(p384::ecdsa::SigningKey::from_slice(bytes).ok()?)
            }
            Algorithm::Es256 | Algorithm::Es384 => return None,
        })
    }

    /// The members that make the public key, in the order that RFC 7638 wants them.
    fn public_members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let ec = |crv: &str, point: &[u8]| {
            // An uncompressed point is 4, x, y (SEC 1, section 2.3.3).
            let (x, y) = point.split_at(point.len().div_ceil(2));
            vec![("crv", crv.into()), ("kty", "EC".into()), ("x", text(&x[1..])), ("y", text(y))]
        };
        match self {
            Pair::Ed25519(pair) => {
                vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", text(pair.pk.as_ref()))]
            }
            Pair::P256(key) => ec("P-256", key.verifying_key().to_encoded_point(false).as_bytes()),
            Pair::P384(key) => ec("P-384", key.verifying_key().to_encoded_point(false).as_bytes()),
        }
    }

    /// RFC 7638: SHA-256 over the required members of the JWK.
    fn thumbprint(&self) -> String {
        let members: Vec<String> =
            self.public_members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Pair::Ed25519(pair) => pair.sk.sign(message, None).to_vec(),
            Pair::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Pair::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        Some(match self {
            Pair::Ed25519(pair) => {
                pair.pk.verify(message, &ed25519_compact::Signature::from_slice(signature).ok()?).is_ok()
            }
            Pair::P256(key) => {
                let signature = p256::ecdsa::Signature::from_slice(signature).ok()?;
                key.verifying_key().verify(message, &signature).is_ok()
            }
            Pair::P384(key) => {
                let signature = p384::ecdsa::Signature::from_slice(signature).ok()?;
                key.verifying_key().verify(message, &signature).is_ok()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

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
    }
}
