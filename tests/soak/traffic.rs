//! What the clients of the soak send, and what must come of it.

use super::client::{Client, LOST, Outcome};
use super::report::Tally;
use super::support::proof::{Client as Holder, Proof};
use super::support::request::Request;
use super::support::token::{Key, base64url, claims_with, now};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A token ID that every configuration revokes.
pub const REVOKED: &str = "revoked";
/// The longest body that is read.
pub const BODY_LIMIT: usize = 4096;
/// Tokens that come again and again, so that the cache has something to do.
const KNOWN_TOKENS: u64 = 200;

/// A request of the built-in operations without a body.
pub fn read(token: &str) -> Request {
    mark(Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1").bearer(token), "eec-1")
}

/// Marked for the upstream as one that may pass, and as whose.
fn mark(request: Request, eec_id: &str) -> Request {
    Request { case: format!("good {eec_id}"), ..request }
}

/// One client's traffic.
pub struct Traffic {
    client: Client,
    key: Key,
    known: Vec<(String, String)>,
    random: u64,
    tally: Tally,
}

impl Traffic {
    /// The traffic of client `number`; the same number sends the same kinds in the same order.
    pub fn new(number: u64, address: SocketAddr) -> Traffic {
        let (client, key, tally) = (Client::new(address), Key::new(1), Tally::default());
        Traffic { client, key, known: Vec::new(), random: 0x9e37_79b9 + number * 7919, tally }
    }

    /// Sends until told to stop.
    pub fn run(mut self, stop: &AtomicBool) -> Tally {
        let mut minted = now();
        while !stop.load(Ordering::Relaxed) {
            // Tokens live for ten minutes; renewed in time.
            if self.known.is_empty() || now() - minted > 240 {
                minted = now();
                self.known = (0..KNOWN_TOKENS).map(|n| self.mint(&format!("eec-{n}"))).collect();
            }
            self.one();
            // The soak looks for faults over time, not for the limit.
            std::thread::sleep(Duration::from_millis(1));
        }
        self.tally
    }

    fn one(&mut self) {
        match self.below(26) {
            0..=7 => {
                let known = self.below(KNOWN_TOKENS);
                let (eec, token) = self.known[usize::try_from(known).expect("small")].clone();
                let request = self.good(&eec, &token);
                self.expect("good", &request, None);
            }
            8..=9 => {
                let (eec, token) = self.mint(&format!("new-{}", self.random));
                let request = self.good(&eec, &token);
                self.expect("good", &request, None);
            }
            10..=15 => self.bad(),
            20..=22 => self.bound(),
            23..=25 => self.thief(),
            _ => self.hostile(),
        }
    }

    /// A request that passes, sometimes with identity headers of the client's choice, which must not.
    fn good(&mut self, eec: &str, token: &str) -> Request {
        let body =
            json!({"eecId": eec, "more": "x".repeat(usize::try_from(self.below(3000)).expect("small"))});
        let request = match self.below(3) {
            0 => Request::new("POST", "/eees-eecregistration/v1/registrations").json(body.to_string()),
            1 => Request::new("PUT", "/eees-eecregistration/v1/registrations/r1").json(body.to_string()),
            _ => Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1"),
        };
        let request = if self.below(4) == 0 { request.header("x_eec-id", "admin") } else { request };
        mark(request.bearer(token), eec)
    }

    /// A client with a bound token and a proof for each request; now and then it sends one twice.
    fn bound(&mut self) {
        let eec = format!("bound-{}", self.below(KNOWN_TOKENS));
        let client = self.holder(&eec);
        let request = if self.below(2) == 0 {
            Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1")
        } else {
            Request::new("POST", "/eees-eecregistration/v1/registrations")
                .json(json!({"eecId": eec}).to_string())
        };
        let request = mark(client.sends(request), &eec);
        // What has come to nothing may be remembered or not.
        if self.expect("bound", &request, None) && self.below(4) == 0 {
            let _ =
                self.expect("bound", &Request { case: "replay".into(), ..request }, Some("proof_replayed"));
        }
    }

    /// What somebody tries who has the token of another, and what was on the wire.
    fn thief(&mut self) {
        let eec = format!("bound-{}", self.below(KNOWN_TOKENS));
        let (client, thief) = (self.holder(&eec), self.holder("thief"));
        let path = "/eees-eecregistration/v1/registrations/r1";
        let delete = || Request::new("DELETE", path);
        let (request, code) = match self.below(7) {
            0 => (delete().bearer(&client.token), "confirmation_failed"),
            1 => (delete().header("authorization", format!("DPoP {}", client.token)), "proof_invalid"),
            2 => {
                let proof = Proof::new(&Key::new(61), "DELETE", path, &client.token).by(&Key::new(61));
                (delete().dpop(&client.token, proof), "confirmation_failed")
            }
            3 => (delete().dpop(&client.token, client.proof(&delete()).by(&Key::new(61))), "proof_invalid"),
            4 => (delete().dpop(&client.token, thief.proof(&delete()).by(&client.key)), "proof_invalid"),
            5 => (
                Request::register(&eec).dpop(&client.token, client.proof(&delete()).by(&client.key)),
                "proof_invalid",
            ),
            _ => (
                client.sends_with(delete(), &client.proof(&delete()).claim("iat", now() - 90)),
                "proof_invalid",
            ),
        };
        self.expect("thief", &request, Some(code));
    }

    /// A client with a key, and a token that is bound to it.
    fn holder(&self, eec: &str) -> Holder {
        Holder::new(&self.key, 60, json!({"sub": eec, "jti": format!("of {eec}")}))
    }

    /// What an ordinary client does wrong.
    fn bad(&mut self) {
        let with = |traffic: &Traffic, claims| {
            Request::register("eec-1").bearer(traffic.key.token(&claims_with(claims)))
        };
        let register = |body: &str| Request::new("POST", "/eees-eecregistration/v1/registrations").json(body);
        let token = self.key.token(&claims_with(json!({"jti": "j"})));
        let long = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "x".repeat(BODY_LIMIT));
        let (request, code) = match self.below(10) {
            0 => (Request::register("eec-1"), "token_missing"),
            1 => (with(self, json!({"exp": now() - 60, "iat": now() - 600, "jti": "j"})), "token_expired"),
            2 => (with(self, json!({"aud": "ees2.edge.example.net", "jti": "j"})), "audience_mismatch"),
            3 => (with(self, json!({"jti": REVOKED})), "token_revoked"),
            4 => (with(self, json!({"iss": "other.example.net", "jti": "j"})), "issuer_unknown"),
            5 => (Request::register("eec-2").bearer(token), "binding_mismatch"),
            6 => (register("{}").bearer(token), "binding_missing"),
            7 => (register(&long).bearer(token), "body_too_large"),
            8 => (register("{\"eecId\":").bearer(token), "body_malformed"),
            _ => (Request::new("GET", "/elsewhere").bearer(token), "route_unmatched"),
        };
        self.expect("bad", &request, Some(code));
    }

    /// What an attacker tries.
    fn hostile(&mut self) {
        let token = self.key.token(&claims_with(json!({"jti": "j"})));
        let forged = Key::new(9).token_with(&self.key.header(), &claims_with(json!({"jti": "j"})));
        let unsigned =
            format!("{}.{}.", base64url(r#"{"alg":"none"}"#), base64url(claims_with(json!({})).to_string()));
        let register = |body: &str| Request::new("POST", "/eees-eecregistration/v1/registrations").json(body);
        let deep = format!("{{\"eecId\":\"eec-1\",\"x\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        let twice = "{\"eecId\":\"eec-2\",\"eecId\":\"eec-1\"}";
        let folded = "{\"EECID\":\"eec-2\",\"eecId\":\"eec-1\"}";
        let (request, code) = match self.below(10) {
            0 => (Request::register("eec-1").bearer(forged), "signature_invalid"),
            1 => (Request::register("eec-1").bearer(unsigned), "algorithm_not_allowed"),
            2 => (Request::register("eec-1").bearer([0xff, 0xfe]), "token_malformed"),
            3 => (Request::register("eec-1").bearer("x".repeat(9_000)), "token_too_large"),
            4 => (Request::new("GET", "/eees-eecregistration/%2e%2e/v1").bearer(&token), "path_not_normal"),
            5 => (register(twice).bearer(&token), "body_malformed"),
            6 => (register(folded).bearer(&token), "body_malformed"),
            7 => (register(&deep).bearer(&token), "body_malformed"),
            8 => (Request::register("eec-1").bearer(&token).bearer(&token), "token_repeated"),
            _ => return self.leave_in_the_middle(&token),
        };
        self.expect("hostile", &request, Some(code));
    }

    /// A body that never comes to its end.
    fn leave_in_the_middle(&mut self, token: &str) {
        let head = format!(
            "POST /eees-eecregistration/v1/registrations HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"eecId\":\"eec",
            super::support::fixture::FQDN
        );
        self.client.send_and_leave(head.as_bytes());
        self.tally.left += 1;
    }

    /// Whether it came to this, and to no 503.
    fn expect(&mut self, kind: &'static str, request: &Request, code: Option<&str>) -> bool {
        let start = Instant::now();
        let outcome: Outcome = self.client.send(request);
        self.tally.add(kind, &outcome, start.elapsed());
        // The report holds how many there may be.
        if outcome.is(Some(LOST)).is_ok() {
            return false;
        }
        let Err(wrong) = outcome.is(code) else { return true };
        let path = String::from_utf8_lossy(&request.path).into_owned();
        self.tally.wrong.push(format!("{kind} {} {path}: {wrong}", request.method));
        false
    }

    fn mint(&self, eec: &str) -> (String, String) {
        (eec.to_owned(), self.key.token(&claims_with(json!({"sub": eec, "jti": format!("of {eec}")}))))
    }

    /// A number below `end`: xorshift, the same in each run.
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }
}
