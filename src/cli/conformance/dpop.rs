//! `DPOP-…`: a token that is bound to a client's key is worth nothing without a proof by that key (RFC 9449).

use super::case::{Case, Want};
use super::keys::same_kind;
use super::kit::{Kit, base64url};
use super::wire::Request;
use crate::cli::clock;
use crate::cli::random::random_name;
use crate::cli::signing_key::SigningKey;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A bound token with a good proof: the control of the group.
pub(super) fn good(kit: &Kit) -> Request {
    let token = bound(kit);
    let proof = proof(kit, &token, json!({}), json!({}));
    present(kit, &token, &[proof])
}

pub(super) fn cases() -> Vec<Case> {
    let through = |id: &str, title: &str, clause: &str, request: fn(&Kit) -> Request| {
        Case::new(id, title, clause, Want::LetThrough, move |kit| Some(request(kit)))
    };
    let no = |id: &str, title: &str, clause: &str, request: fn(&Kit) -> Request| {
        Case::new(id, title, clause, Want::RefusedToken, move |kit| Some(request(kit)))
    };
    let mut cases = vec![
        through("DPOP-GOOD", "A bound token with a good proof", "RFC 9449, 7.1", good),
        through("DPOP-HTU-QUERY", "A query and a fragment in `htu` are ignored", "RFC 9449, 4.3", |kit| {
            let token = bound(kit);
            let url = format!("{}?a=b#c", kit.target.url(&path(kit)));
            let proof = proof(kit, &token, json!({}), json!({"htu": url}));
            present(kit, &token, &[proof])
        }),
        no("DPOP-BEARER", "A bound token as `Bearer`", "RFC 9449, 7.2", |kit| kit.good().bearer(&bound(kit))),
        no("DPOP-BEARER-PROOF", "A bound token as `Bearer`, with a good proof", "RFC 9449, 7.1", |kit| {
            let token = bound(kit);
            kit.good().bearer(&token).header("DPoP", proof(kit, &token, json!({}), json!({})))
        }),
        no("DPOP-NO-PROOF", "No proof", "RFC 9449, 7.1", |kit| present(kit, &bound(kit), &[])),
        no("DPOP-TWO-PROOFS", "Two proofs", "RFC 9449, 4.3", |kit| {
            let token = bound(kit);
            let proofs = [(); 2].map(|()| proof(kit, &token, json!({}), json!({})));
            present(kit, &token, &proofs)
        }),
        no("DPOP-UNBOUND", "A token that is not bound, under `DPoP`", "RFC 9449, 7.1", |kit| {
            let token = kit.token();
            let proof = proof(kit, &token, json!({}), json!({}));
            present(kit, &token, &[proof])
        }),
        no("DPOP-OTHER-KEY", "A proof by another key", "RFC 9449, 4.3", |kit| {
            let token = bound(kit);
            let proof = proof_by(kit, &kit.strangers[1], &token, json!({}), json!({}));
            present(kit, &token, &[proof])
        }),
        no("DPOP-OTHER-KEY-JWK", "A proof by another key that shows the right one", "RFC 9449, 4.3", |kit| {
            let token = bound(kit);
            let proof = proof_by(
                kit,
                &kit.strangers[1],
                &token,
                json!({"jwk": kit.client_key.proof_header()["jwk"]}),
                json!({}),
            );
            present(kit, &token, &[proof])
        }),
        no("DPOP-SIGNATURE", "A proof whose signature is altered", "RFC 9449, 4.3", |kit| {
            let token = bound(kit);
            let proof = proof(kit, &token, json!({}), json!({}));
            let (input, _) = proof.rsplit_once('.').unwrap_or_default();
            let mut signature = kit.client_key.signature(input.as_bytes());
            signature[5] ^= 1;
            present(kit, &token, &[format!("{input}.{}", base64url(signature))])
        }),
        no("DPOP-TOKEN-AS-PROOF", "The token itself as the proof", "RFC 9449, 4.3", |kit| {
            let token = bound(kit);
            present(kit, &token, std::slice::from_ref(&token))
        }),
        no(
            "DPOP-TOKEN-STRANGER",
            "A good proof, and a bound token by a key that nobody trusts",
            "TR 33.739, 6.25",
            |kit| {
                let token = same_kind(kit).sign(&kit.header(), &bound_claims(kit));
                let proof = proof(kit, &token, json!({}), json!({}));
                present(kit, &token, &[proof])
            },
        ),
        Case::new("DPOP-REPLAY", "A proof that has been used", "RFC 9449, 11.1", Want::RefusedAgain, |kit| {
            Some(good(kit))
        }),
    ];
    cases.extend(ROWS.into_iter().map(|(id, title, clause, change)| {
        Case::new(id, title, clause, Want::RefusedToken, move |kit| {
            let (header, claims) = change(kit)?;
            let token = bound(kit);
            let proof = proof(kit, &token, header, claims);
            Some(present(kit, &token, &[proof]))
        })
    }));
    cases
}

/// Changes of a proof's header and claims; `None`: it makes no difference here.
type Change = fn(&Kit) -> Option<(Value, Value)>;

const CHECKS: &str = "RFC 9449, 4.3";
const ROWS: [(&str, &str, &str, Change); 21] = [
    ("DPOP-TYP-JWT", "A proof of type `JWT`", CHECKS, |_| header(json!({"typ": "JWT"}))),
    ("DPOP-TYP-ABSENT", "A proof without a type", CHECKS, |_| header(json!({"typ": null}))),
    ("DPOP-ALG-NONE", "A proof with `alg` `none`", CHECKS, |_| header(json!({"alg": "none"}))),
    ("DPOP-ALG-OTHER", "A proof with the `alg` of another key", CHECKS, |_| header(json!({"alg": "EdDSA"}))),
    ("DPOP-JWK-ABSENT", "A proof without a key", CHECKS, |_| header(json!({"jwk": null}))),
    ("DPOP-JWK-PRIVATE", "A proof that shows the private key", CHECKS, |kit| {
        header(json!({"jwk": kit.client_key.private_jwk()}))
    }),
    ("DPOP-HTM-OTHER", "A proof for another method", CHECKS, |_| claims(json!({"htm": "GET"}))),
    ("DPOP-HTM-ABSENT", "A proof for no method", CHECKS, |_| claims(json!({"htm": null}))),
    ("DPOP-HTU-PATH", "A proof for another path", CHECKS, |kit| {
        claims(json!({"htu": kit.target.url("/elsewhere")}))
    }),
    ("DPOP-HTU-LONGER", "A proof for a path that begins so", CHECKS, |kit| {
        claims(json!({"htu": kit.target.url(&format!("{}x", path(kit)))}))
    }),
    ("DPOP-HTU-HOST", "A proof for another server", CHECKS, |kit| {
        claims(json!({"htu": format!("https://ees.conformance.invalid{}", path(kit))}))
    }),
    ("DPOP-HTU-ABSENT", "A proof for no URL", CHECKS, |_| claims(json!({"htu": null}))),
    ("DPOP-ATH-OTHER", "A proof for another token", CHECKS, |kit| claims(json!({"ath": hash(&kit.token())}))),
    ("DPOP-ATH-ABSENT", "A proof for no token", CHECKS, |_| claims(json!({"ath": null}))),
    ("DPOP-JTI-ABSENT", "A proof without `jti`", CHECKS, |_| claims(json!({"jti": null}))),
    ("DPOP-JTI-NUMBER", "A proof whose `jti` is a number", CHECKS, |_| claims(json!({"jti": 1}))),
    ("DPOP-IAT-ABSENT", "A proof without `iat`", CHECKS, |_| claims(json!({"iat": null}))),
    ("DPOP-IAT-STRING", "A proof whose `iat` is a string", CHECKS, |_| {
        claims(json!({"iat": clock::now().to_string()}))
    }),
    ("DPOP-IAT-OLD", "A proof of yesterday", "RFC 9449, 11.1", |kit| timed(kit, -86_400)),
    ("DPOP-IAT-FUTURE", "A proof of tomorrow", "RFC 9449, 11.1", |kit| timed(kit, 86_400)),
    ("DPOP-NONCE-FALSE", "A proof with a nonce that nobody gave", "RFC 9449, 9", |kit| {
        kit.nonce.borrow().is_some().then(|| (json!({}), json!({"nonce": "bm9uY2U"})))
    }),
];

fn header(changes: Value) -> Option<(Value, Value)> {
    Some((changes, json!({})))
}

fn claims(changes: Value) -> Option<(Value, Value)> {
    Some((json!({}), changes))
}

/// Where the target gives nonces, they say when a proof was made, and `iat` need not (RFC 9449, 11.1).
fn timed(kit: &Kit, seconds: i64) -> Option<(Value, Value)> {
    let then = clock::now().saturating_add(seconds);
    kit.nonce.borrow().is_none().then(|| (json!({}), json!({"iat": then})))
}

fn path(kit: &Kit) -> String {
    kit.target.path(kit.good_operation().path)
}

fn bound_claims(kit: &Kit) -> Value {
    kit.claims_with(json!({"cnf": {"jkt": kit.client_key.thumbprint()}}))
}

/// A good token that is bound to the client's key.
fn bound(kit: &Kit) -> String {
    kit.key.sign(&kit.header(), &bound_claims(kit))
}

/// The good request with a token under `DPoP`, and these proofs.
fn present(kit: &Kit, token: &str, proofs: &[String]) -> Request {
    let request = kit.good().header("Authorization", format!("DPoP {token}"));
    proofs.iter().fold(request, |request, proof| request.header("DPoP", proof.as_str()))
}

fn proof(kit: &Kit, token: &str, header: Value, claims: Value) -> String {
    proof_by(kit, &kit.client_key, token, header, claims)
}

/// A proof for the good request with this token; `null` takes a member away.
fn proof_by(kit: &Kit, key: &SigningKey, token: &str, header: Value, claims: Value) -> String {
    let jti = random_name().unwrap_or_default();
    let mut all = json!({
        "jti": jti, "htm": kit.good_operation().method, "htu": kit.target.url(&path(kit)),
        "iat": clock::now(), "ath": hash(token),
    });
    if let Some(nonce) = &*kit.nonce.borrow() {
        all["nonce"] = json!(nonce);
    }
    let head = key.proof_header();
    key.sign(&changed(head, header), &changed(all, claims))
}

fn changed(mut object: Value, changes: Value) -> Value {
    let changes: Map<String, Value> = serde_json::from_value(changes).unwrap_or_default();
    if let Some(members) = object.as_object_mut() {
        members.extend(changes);
        members.retain(|_, value| !value.is_null());
    }
    object
}

fn hash(token: &str) -> String {
    base64url(Sha256::digest(token))
}
