//! Whether the sender of a token is the one that it was issued to: `docs/contract.md#proof`, step by step.

use super::confirmation::Confirmation;
use super::dpop::{Proof, invalid};
use super::memory::ProofMemory;
use super::nonce;
use super::presented::{Presented, ProofHeader};
use super::replay::Admission;
use crate::decision::{Check, Denial, DenyReason, Hint, Scheme, Trace};
use crate::keys::HostVerifier;
use crate::policy::proof::NonceRules;
use crate::policy::{DpopRules, EntitlementServer, Policy};
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::cell::Cell;

/// Whom a token was issued to.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// What it is bound to, if it is.
    pub confirmation: Option<&'a Confirmation>,
    /// By whom it was issued.
    pub server: &'a EntitlementServer,
    /// The client that it names.
    pub eec_id: &'a str,
}

/// A request's means to show that it comes from a token's holder.
pub struct Possession<'a> {
    policy: &'a Policy,
    memory: &'a ProofMemory,
    presented: Option<Presented<'a>>,
    now: UnixTime,
    host: &'a dyn HostVerifier,
    looked: Cell<bool>,
}

impl<'a> Possession<'a> {
    /// The means that a request has `presented`; none need be, where `policy` has no `proof`.
    pub fn new(
        policy: &'a Policy,
        memory: &'a ProofMemory,
        presented: Option<Presented<'a>>,
        now: UnixTime,
        host: &'a dyn HostVerifier,
    ) -> Possession<'a> {
        Possession { policy, memory, presented, now, host, looked: Cell::new(false) }
    }

    /// Whether a proof has been looked at.
    pub fn has_looked(&self) -> bool {
        self.looked.get()
    }

    /// Checks that the request comes from `holder`. A proof that is good is spent by this.
    ///
    /// # Errors
    ///
    /// `confirmation_missing`, `confirmation_failed`, `proof_invalid`, `proof_nonce`, `proof_replayed`.
    pub fn check(&self, holder: &Holder<'_>, trace: &mut Trace) -> Result<(), Denial> {
        let failed = |because| Err(Denial::new(DenyReason::ConfirmationFailed, because));
        trace.note(Check::Confirmation, || self.described(holder));
        let rules = self.policy.proof.as_ref();
        let Some(confirmation) = holder.confirmation else {
            if rules.is_some_and(|rules| rules.required) {
                let because = "the token has no `cnf`, and `proof.required` is set";
                return Err(Denial::new(DenyReason::ConfirmationMissing, because));
            }
            return match self.scheme() {
                Scheme::Dpop => failed("the token has no `cnf.jkt` and came under `DPoP`"),
                Scheme::Bearer => Ok(()),
            };
        };
        let (Some(rules), Some(presented)) = (rules, &self.presented) else {
            return failed("the token has `cnf`, and `proof` is not configured");
        };
        let by_key = match (&confirmation.jkt, &rules.dpop) {
            (None, _) => None,
            (Some(jkt), Some(rules)) => Some((jkt, rules)),
            (Some(_), None) => {
                return failed("the token has `cnf.jkt`, and `proof.dpop` is not configured");
            }
        };
        if confirmation.x5t_s256.is_some() && !rules.client_certificate {
            return failed("the token has `cnf.x5t#S256`, and `proof.client_certificate` is not set");
        }
        match (&confirmation.jkt, presented.scheme) {
            (Some(_), Scheme::Bearer) => return failed("the token has `cnf.jkt` and came under `Bearer`"),
            (None, Scheme::Dpop) => return failed("the token has no `cnf.jkt` and came under `DPoP`"),
            (Some(_), Scheme::Dpop) | (None, Scheme::Bearer) => {}
        }
        if let Some(x5t) = &confirmation.x5t_s256 {
            match presented.client_certificate {
                None => return failed("the connection has no client certificate"),
                Some(digest) if **x5t != URL_SAFE_NO_PAD.encode(digest) => {
                    return failed(
                        "the connection has another client certificate than the token is bound to",
                    );
                }
                Some(_) => {}
            }
        }
        match by_key {
            Some((jkt, rules)) => self.check_proof(presented, rules, jkt, holder, trace),
            None => Ok(()),
        }
    }

    fn scheme(&self) -> Scheme {
        self.presented.as_ref().map_or(Scheme::Bearer, |presented| presented.scheme)
    }

    fn check_proof(
        &self,
        presented: &Presented<'_>,
        rules: &DpopRules,
        jkt: &str,
        holder: &Holder<'_>,
        trace: &mut Trace,
    ) -> Result<(), Denial> {
        self.looked.set(true);
        let text = match &presented.proof {
            ProofHeader::One(text) => text,
            ProofHeader::Absent => return Err(invalid("no `DPoP` header")),
            ProofHeader::Several => return Err(invalid("more than one `DPoP` header")),
            ProofHeader::TooLong => return Err(invalid("the proof is longer than 4,096 bytes")),
        };
        let mut see = |header: &_, payload: &_| {
            trace.note(Check::Proof, || {
                let (method, authority, target) = (presented.method, presented.authority, presented.target);
                let [method, authority, target] =
                    [method, authority, target].map(|b| String::from_utf8_lossy(b));
                let scheme = rules.scheme.name();
                let algs = rules.algorithm_names();
                (
                    format!(
                        "typ dpop+jwt, alg one of {algs}, htm {method}, htu {scheme}://{authority}{target}"
                    ),
                    format!("header {header}, payload {payload}"),
                )
            });
        };
        let protects = &self.policy.protects;
        let proof = Proof::check(text, jkt, presented, rules, protects, self.host, &mut see)?;
        let time = match &rules.nonce {
            Some(nonce) => self.nonce_time(nonce, &proof, trace)?,
            None => self.issue_time(rules, &proof)?,
        };
        self.check_dates(&proof)?;
        trace.note(Check::Replay, || ("a `jti` that is new".into(), (*proof.jti).into()));
        let oldest = self.now.plus(-rules.lasts_seconds());
        match self.memory.admit(
            holder.server.identity.canonical(),
            holder.eec_id,
            (jkt, &proof.jti),
            time,
            oldest,
        ) {
            Admission::Fresh => Ok(()),
            Admission::Replayed => Err(Denial::new(
                DenyReason::ProofReplayed,
                "the proof has been used, or cannot be remembered",
            )),
            Admission::TooOld(forgotten) => {
                let because = "the client has used so many proofs that one of this time may have been used";
                // With another nonce the client can go on.
                let forgotten = UnixTime::EPOCH.plus(forgotten as f64 / 1e6);
                let wanted = |nonce| self.wants_nonce(nonce, forgotten, because);
                Err(rules.nonce.as_ref().map_or_else(|| invalid(because), wanted))
            }
        }
    }

    /// The time of a proof without a nonce: its own.
    fn issue_time(&self, rules: &DpopRules, proof: &Proof) -> Result<UnixTime, Denial> {
        if proof.issued_at < self.now.seconds() - rules.max_age_seconds {
            return Err(invalid("`iat` of the proof is older than `proof.dpop.max_age_seconds`"));
        }
        if self.policy.token.lies_ahead(proof.issued_at, self.now) {
            return Err(invalid("`iat` of the proof lies in the future"));
        }
        UnixTime::new(proof.issued_at).ok_or(invalid("`iat` of the proof is not a finite number"))
    }

    /// What a client says of itself by `exp` and `nbf` counts, also with a nonce: as in a token (RFC 7519, section 4.1).
    fn check_dates(&self, proof: &Proof) -> Result<(), Denial> {
        let rules = &self.policy.token;
        if proof.expires.is_some_and(|exp| rules.is_over(exp, self.now)) {
            return Err(invalid("`exp` of the proof has passed"));
        }
        if proof.not_before.is_some_and(|nbf| rules.lies_ahead(nbf, self.now)) {
            return Err(invalid("`nbf` of the proof lies in the future"));
        }
        Ok(())
    }

    /// The time of a proof with a nonce: that of the nonce, since the client's clock may be wrong.
    fn nonce_time(&self, rules: &NonceRules, proof: &Proof, trace: &mut Trace) -> Result<UnixTime, Denial> {
        let made = proof.nonce.as_deref().and_then(|nonce| nonce::time_of(rules, nonce));
        trace.note(Check::ProofNonce, || {
            let found = match (&proof.nonce, made) {
                (None, _) => "none".into(),
                (Some(_), None) => "one that is not ours".into(),
                (Some(_), Some(time)) => format!("one of {time}"),
            };
            (format!("one of ours, at most {} s old at {}", rules.seconds, self.now), found)
        });
        let since = self.memory.since();
        let Some(made) = made else {
            return Err(self.wants_nonce(rules, since, "the proof has no nonce of ours"));
        };
        let is_old = made.seconds() < self.now.seconds() - rules.seconds;
        if is_old || self.policy.token.lies_ahead(made.seconds(), self.now) {
            return Err(self.wants_nonce(
                rules,
                since,
                "the nonce of the proof is too old, or of the future",
            ));
        }
        if made < since {
            let because = "the nonce is older than the memory of what has been used";
            return Err(self.wants_nonce(rules, since, because));
        }
        Ok(made)
    }

    /// The denial that gives a nonce: of now, or later than `forgotten` where that lies as far ahead as clocks may differ. None of a
    /// later future is given: proofs could be made for it beforehand.
    fn wants_nonce(&self, rules: &NonceRules, forgotten: UnixTime, because: &'static str) -> Denial {
        // A nonce has whole milliseconds, rounded down.
        let later = forgotten.plus(2e-3);
        let ahead = self.now.plus(self.policy.token.clock_skew_seconds);
        let time = if self.now < later && later <= ahead { later } else { self.now };
        let hint = nonce::make(rules, time).map_or(Hint::None, |nonce| Hint::Nonce(nonce.into()));
        Denial { hint, ..Denial::new(DenyReason::ProofNonce, because) }
    }

    /// What the token must be bound to, and what it is bound to, for people.
    fn described(&self, holder: &Holder<'_>) -> (String, String) {
        let rules = self.policy.proof.as_ref();
        let kinds = [
            rules.is_some_and(|rules| rules.dpop.is_some()).then_some("`jkt`"),
            rules.is_some_and(|rules| rules.client_certificate).then_some("`x5t#S256`"),
        ];
        let kinds: Vec<&str> = kinds.into_iter().flatten().collect();
        let expected = match rules {
            None => "no `cnf`".into(),
            Some(rules) if rules.required => format!("`cnf` with {}", kinds.join(" or ")),
            Some(_) => format!("no `cnf`, or one with {}", kinds.join(" or ")),
        };
        let Some(confirmation) = holder.confirmation else { return (expected, "absent".into()) };
        let members =
            [("`jkt`", confirmation.jkt.is_some()), ("`x5t#S256`", confirmation.x5t_s256.is_some())];
        let members: Vec<&str> =
            members.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect();
        if members.iter().all(|member| kinds.contains(member)) {
            return self.held_against(confirmation);
        }
        (expected, format!("`cnf` with {}", members.join(" and ")))
    }

    /// What a bound token asks of its sender, and what came.
    fn held_against(&self, confirmation: &Confirmation) -> (String, String) {
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        if let Some(jkt) = &confirmation.jkt {
            expected.push(format!("a proof by key {jkt}, under `DPoP`"));
            found.push(self.presented.as_ref().map_or_else(|| "none".into(), Presented::proof_described));
        }
        if let Some(x5t) = &confirmation.x5t_s256 {
            expected.push(format!("client certificate {x5t}"));
            let digest = self.presented.as_ref().and_then(|presented| presented.client_certificate);
            found.push(digest.map_or_else(|| "no certificate".into(), |d| URL_SAFE_NO_PAD.encode(d)));
        }
        (expected.join(" and "), found.join(" and "))
    }
}
