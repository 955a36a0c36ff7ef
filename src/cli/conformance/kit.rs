//! What the cases make their requests of: two clients, tokens for them, good requests.

use super::operations::{Names, Operation, Role};
use super::wire::{Request, Target};
use crate::cli::amend::{Changes, amend};
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::random::random_name;
use crate::cli::signing_key::{Algorithm, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

/// Base64url without padding.
pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a run knows.
pub(super) struct Kit {
    /// Where the requests go.
    pub(super) target: Target,
    /// The interface.
    pub(super) role: Role,
    /// The key that the target trusts.
    pub(super) key: SigningKey,
    /// Keys that it does not know, one of each kind.
    pub(super) strangers: Vec<SigningKey>,
    /// The key of a client that proves possession of it.
    pub(super) client_key: SigningKey,
    /// `iss` of good tokens.
    pub(super) issuer: String,
    /// `aud` of good tokens.
    pub(super) audience: String,
    /// The EEC ID of the client whose requests these are.
    pub(super) eec: String,
    /// The EEC ID of another client.
    pub(super) other_eec: String,
    /// Their UE IDs.
    pub(super) gpsi: String,
    pub(super) other_gpsi: String,
    /// The last nonce that the target gave (RFC 9449, section 8).
    pub(super) nonce: RefCell<Option<String>>,
    changes: Changes,
    good: Cell<&'static Operation>,
}

/// What the options say of good tokens.
pub(super) struct Tokens {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) eec: Option<String>,
    pub(super) changes: Changes,
}

impl Kit {
    pub(super) fn new(
        target: Target,
        role: Role,
        key: SigningKey,
        tokens: Tokens,
        good: &'static Operation,
    ) -> Result<Kit, Failure> {
        let kinds = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];
        // An RSA key takes long to make: only where the trusted one is of that kind.
        let more = Some(key.algorithm()).filter(|own| !kinds.contains(own));
        let strangers = kinds.into_iter().chain(more).map(SigningKey::generate).collect::<Result<_, _>>()?;
        let run = random_name()?.replace(['-', '_'], "x");
        let eec = tokens.eec.unwrap_or_else(|| format!("eec-{run}.conformance.invalid"));
        Ok(Kit {
            target,
            role,
            key,
            strangers,
            client_key: SigningKey::generate(Algorithm::Es256)?,
            issuer: tokens.issuer,
            audience: tokens.audience,
            other_eec: format!("other-{eec}"),
            eec,
            gpsi: format!("extid-{run}@conformance.invalid"),
            other_gpsi: format!("extid-other-{run}@conformance.invalid"),
            nonce: RefCell::default(),
            changes: tokens.changes,
            good: Cell::new(good),
        })
    }

    /// The operation that the good request is of.
    pub(super) fn good_operation(&self) -> &'static Operation {
        self.good.get()
    }

    /// Takes another operation for the good request.
    pub(super) fn set_good_operation(&self, operation: &'static Operation) {
        self.good.set(operation);
    }

    /// The good request, without a token.
    pub(super) fn good(&self) -> Request {
        let operation = self.good.get();
        self.of(operation, &self.target.path(operation.path), &self.eec, &self.gpsi)
    }

    /// A request of an operation that speaks for this EEC, without a token.
    pub(super) fn of(&self, operation: &Operation, path: &str, eec: &str, gpsi: &str) -> Request {
        let request = Request::new(operation.method, path);
        let id = if operation.names == Names::UeId { gpsi } else { eec };
        match operation.body_of(id) {
            Some(body) => request.header("Content-Type", operation.media_type()).body(body),
            None => request,
        }
    }

    /// The claims of a good token.
    pub(super) fn claims(&self) -> Value {
        self.claims_of(&self.eec)
    }

    /// The claims of a good token of this EEC.
    pub(super) fn claims_of(&self, eec: &str) -> Value {
        let now = clock::now();
        let jti = random_name().unwrap_or_else(|_| format!("{now}"));
        let mut claims = json!({
            "iss": self.issuer, "sub": eec, "aud": self.audience,
            "iat": now, "exp": now.saturating_add(600), "jti": jti,
        });
        amend(&mut claims, &self.changes.claims);
        claims
    }

    /// The header of a good token.
    pub(super) fn header(&self) -> Value {
        let mut header = json!({"alg": self.key.alg(), "typ": "JWT", "kid": self.key.kid()});
        amend(&mut header, &self.changes.header);
        header
    }

    /// A good token.
    pub(super) fn token(&self) -> String {
        self.key.sign(&self.header(), &self.claims())
    }

    /// A good token of another client.
    pub(super) fn other_token(&self) -> String {
        self.key.sign(&self.header(), &self.claims_of(&self.other_eec))
    }

    /// A good token that names the UE, too.
    pub(super) fn token_with_gpsi(&self) -> String {
        self.token_with(json!({"gpsi": self.gpsi}))
    }

    /// A token whose claims differ; `null` takes one away.
    pub(super) fn token_with(&self, changes: Value) -> String {
        self.key.sign(&self.header(), &self.claims_with(changes))
    }

    /// Claims that differ; `null` takes one away.
    pub(super) fn claims_with(&self, changes: Value) -> Value {
        let mut claims = self.claims();
        if let Value::Object(changes) = changes {
            amend(&mut claims, &changes);
        }
        claims
    }

    /// A token whose header differs; `null` takes a member away.
    pub(super) fn token_headed(&self, changes: Value) -> String {
        self.key.sign(&self.header_with(changes), &self.claims())
    }

    /// A header that differs; `null` takes a member away.
    pub(super) fn header_with(&self, changes: Value) -> Value {
        let mut header = self.header();
        if let Value::Object(changes) = changes {
            amend(&mut header, &changes);
        }
        header
    }

    /// A token of any bytes as header and payload, signed by the trusted key.
    pub(super) fn token_of(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.signed(&format!("{}.{}", base64url(header), base64url(payload)))
    }

    /// What stands before the second dot, whatever it is, signed by the trusted key.
    pub(super) fn signed(&self, signing_input: &str) -> String {
        format!("{signing_input}.{}", base64url(self.key.signature(signing_input.as_bytes())))
    }

    /// A token in which a claim is this text, for JSON that no library would write: several members, for one.
    pub(super) fn token_with_text(&self, claim: &str, members: &str) -> String {
        let rest = self.claims_with(json!({claim: null})).to_string();
        self.token_of(self.header().to_string(), format!("{},{members}}}", rest.trim_end_matches('}')))
    }
}

/// Parts of a compact JWS, joined by dots again.
pub(super) fn part(token: &str, range: std::ops::Range<usize>) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    parts.get(range).unwrap_or_default().join(".")
}
