use super::*;
use crate::introspection::{Cause, RawResponse, Reading, read};
use crate::policy::online::Method;

const VERIFIED: Party = Party { server: 0, verified: true };
const OTHER: Party = Party { server: 0, verified: false };

fn now() -> UnixTime {
    UnixTime::new(1_000.0).expect("a time")
}

fn token(n: usize) -> TokenDigest {
    TokenDigest::new(0, &n.to_string())
}

#[test]
fn questions_are_bounded_and_free_again_once_answered() {
    let mut in_flight = InFlight::new(RandomState::new(), 1);
    for n in 0..MAX_QUESTIONS {
        assert!(matches!(in_flight.ask(token(n), VERIFIED, n, now()), Admission::Send), "{n}");
    }
    assert!(matches!(in_flight.ask(token(MAX_QUESTIONS), VERIFIED, 0, now()), Admission::Full));
    assert!(
        matches!(in_flight.ask(token(0), VERIFIED, MAX_QUESTIONS, now()), Admission::Wait),
        "an open question takes more"
    );
    assert_eq!(
        in_flight.answered(token(0), &TokenStatus::Unavailable(Cause::Timeout), now(), now()),
        [0, MAX_QUESTIONS]
    );
    assert!(matches!(in_flight.ask(token(MAX_QUESTIONS), VERIFIED, 0, now()), Admission::Send));
}

#[test]
fn waiting_requests_are_bounded_and_those_who_leave_make_room() {
    let mut in_flight = InFlight::new(RandomState::new(), 1);
    assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, now()), Admission::Send));
    for n in 1..MAX_WAITING {
        assert!(matches!(in_flight.ask(token(0), VERIFIED, n, now()), Admission::Wait), "{n}");
    }
    assert!(matches!(in_flight.ask(token(0), VERIFIED, MAX_WAITING, now()), Admission::Full));
    assert!(matches!(in_flight.ask(token(1), VERIFIED, MAX_WAITING, now()), Admission::Full));
    in_flight.leave(token(0), &0);
    in_flight.leave(token(0), &0);
    assert_eq!(in_flight.waiting(), MAX_WAITING - 1);
    assert!(matches!(in_flight.ask(token(1), VERIFIED, MAX_WAITING, now()), Admission::Send));
    assert_eq!(in_flight.answered(token(0), &TokenStatus::Inactive, now(), now()).len(), MAX_WAITING - 1);
    assert_eq!(in_flight.waiting(), 1);
}

#[test]
fn a_quarter_of_both_bounds_is_kept_for_verified_tokens() {
    let mut in_flight = InFlight::new(RandomState::new(), 1);
    for n in 0..768 {
        assert!(matches!(in_flight.ask(token(n), OTHER, n, now()), Admission::Send), "{n}");
    }
    assert!(matches!(in_flight.ask(token(768), OTHER, 768, now()), Admission::Full));
    assert!(matches!(in_flight.ask(token(769), VERIFIED, 769, now()), Admission::Send));
    for n in 768..12_288 {
        assert!(matches!(in_flight.ask(token(0), OTHER, n, now()), Admission::Wait), "{n}");
    }
    assert!(matches!(in_flight.ask(token(0), OTHER, 12_288, now()), Admission::Full));
    assert!(matches!(in_flight.ask(token(769), VERIFIED, 12_288, now()), Admission::Wait));
    assert_eq!(in_flight.waiting(), 12_290);
    in_flight.answered(token(0), &TokenStatus::Inactive, now(), now());
    assert_eq!(in_flight.waiting(), 769);
    assert!(matches!(in_flight.ask(token(768), OTHER, 768, now()), Admission::Send));
}

#[test]
fn of_two_servers_none_takes_more_than_half_of_either_bound() {
    let mut in_flight = InFlight::new(RandomState::new(), 2);
    for n in 0..512 {
        assert!(matches!(in_flight.ask(token(n), VERIFIED, n, now()), Admission::Send), "{n}");
    }
    assert!(matches!(in_flight.ask(token(512), VERIFIED, 512, now()), Admission::Full));
    for n in 512..8_192 {
        assert!(matches!(in_flight.ask(token(0), VERIFIED, n, now()), Admission::Wait), "{n}");
    }
    assert!(matches!(in_flight.ask(token(0), VERIFIED, 8_192, now()), Admission::Full));
    let other_server = Party { server: 1, verified: true };
    assert!(matches!(in_flight.ask(token(8_192), other_server, 8_192, now()), Admission::Send));
    assert!(matches!(in_flight.ask(token(8_192), other_server, 8_193, now()), Admission::Wait));
}

/// The answer that a server gives with this body.
fn answer(body: &str) -> TokenStatus {
    let raw = RawResponse {
        status: Some(200),
        by_proxy: false,
        content_types: &[b"application/json"],
        body: body.as_bytes(),
    };
    match read(&Method::Rfc7662 { credentials: None }, &raw) {
        Reading::Is(answer @ TokenStatus::Active(_)) => answer,
        other => panic!("{other:?}"),
    }
}

fn kept(in_flight: &mut InFlight<usize>, tokens: usize) -> Vec<usize> {
    let all = 0..tokens;
    all.filter(|n| matches!(in_flight.ask(token(*n), VERIFIED, *n, now()), Admission::Known(_))).collect()
}

#[test]
fn kept_answers_are_bounded_in_bytes() {
    // 60 KB, of which each member takes 12 bytes once it is read, at least, and one more for its digit.
    let large = answer(&format!(r#"{{"active":true,"list":[0{}]}}"#, ",0".repeat(29_999)));
    let most = 32 * 1_024 * 1_024 / (30_000 * 13);
    let mut in_flight = InFlight::new(RandomState::new(), 1);
    for n in 0..200 {
        in_flight.answered(token(n), &large, now(), now().plus(1.0));
    }
    let kept = kept(&mut in_flight, 200);
    assert!((1..=most).contains(&kept.len()) && kept.contains(&199), "{kept:?}");
}

#[test]
fn as_many_usual_answers_are_kept_as_ever() {
    let usual = answer(
        r#"{"active":true,"sub":"eec-0001.vehicles.example.com","iss":"aes.mnc001.mcc001.pub.3gppnetwork.org",
           "aud":["ees1.edge.example.net"],"exp":1796000000,"iat":1795996400,"gpsi":"msisdn-447700900123",
           "client_id":"ees1","scope":"eees-easdiscovery eees-eecregistration","token_type":"Bearer"}"#,
    );
    let mut in_flight = InFlight::new(RandomState::new(), 1);
    for n in 0..MAX_ANSWERS {
        in_flight.answered(token(n), &usual, now(), now().plus(1.0));
    }
    assert_eq!(kept(&mut in_flight, MAX_ANSWERS).len(), 16_384);
}

#[test]
fn an_answer_is_kept_no_longer_than_told() {
    let mut in_flight: InFlight<usize> = InFlight::new(RandomState::new(), 1);
    let later = UnixTime::new(2_000.0).expect("a time");
    in_flight.ask(token(0), VERIFIED, 0, now());
    in_flight.answered(token(0), &TokenStatus::Inactive, now(), later);
    assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, now()), Admission::Known(TokenStatus::Inactive)));
    assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, later), Admission::Send));
    in_flight.answered(token(0), &TokenStatus::Unavailable(Cause::Timeout), now(), later.plus(1_000.0));
    assert!(
        matches!(in_flight.ask(token(0), VERIFIED, 0, later), Admission::Send),
        "no answer is nothing to keep"
    );
}

#[test]
fn an_answer_that_is_not_kept_takes_the_place_of_one_that_was() {
    let mut in_flight: InFlight<usize> = InFlight::new(RandomState::new(), 1);
    let later = now().plus(10.0);
    in_flight.answered(token(0), &TokenStatus::Inactive, now(), later);
    assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, later), Admission::Send));
    assert_eq!(in_flight.answered(token(0), &TokenStatus::Inactive, later, later), [0]);
    assert!(in_flight.kept.get(token(0).as_bytes()).is_none(), "it takes no place");
}

#[test]
fn what_was_kept_before_the_clock_went_back_counts_no_more() {
    let kept = |times: &[(&str, f64)]| {
        let mut in_flight: InFlight<usize> = InFlight::new(RandomState::new(), 1);
        let mut last = false;
        for (what, seconds) in times {
            let at = now().plus(*seconds);
            match *what {
                "answer" => {
                    in_flight.answered(token(0), &TokenStatus::Inactive, at, at.plus(30.0));
                }
                "other answer" => {
                    in_flight.answered(token(1), &TokenStatus::Unavailable(Cause::Timeout), at, at);
                }
                "other" => drop(in_flight.ask(token(1), VERIFIED, 1, at)),
                _ => last = matches!(in_flight.ask(token(0), VERIFIED, 0, at), Admission::Known(_)),
            }
        }
        last
    };
    assert!(kept(&[("answer", 0.0), ("ask", 0.0)]));
    assert!(kept(&[("answer", 0.0), ("ask", 29.0)]));
    assert!(!kept(&[("answer", 0.0), ("ask", -1.0)]), "before it was kept");
    assert!(!kept(&[("answer", 0.0), ("ask", 20.0), ("ask", 10.0)]), "it would be used for 20 s more");
    assert!(!kept(&[("answer", 0.0), ("other", 20.0), ("ask", 10.0)]), "another request has seen the time");
    assert!(!kept(&[("answer", 0.0), ("other answer", 20.0), ("ask", 10.0)]), "and so has an answer");
    assert!(!kept(&[("answer", 0.0), ("other", -1.0), ("ask", 10.0)]), "it is not seen by whoever asks");
    assert!(kept(&[("answer", 0.0), ("ask", -100.0), ("answer", -99.0), ("ask", -80.0)]), "kept anew");
}
