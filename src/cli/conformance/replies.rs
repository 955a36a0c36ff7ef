//! `HDR-REPLY-…`: how a refusal is told.

use super::case::{Case, Want, refused};
use super::keys::same_kind;
use super::kit::Kit;
use super::wire::{Answer, Request};
use crate::cli::clock;
use serde_json::json;

const TOLD: &str = "RFC 6750, 3.1";

pub(super) fn cases() -> Vec<Case> {
    fn told(
        id: &str,
        title: &str,
        clause: &str,
        request: fn(&Kit) -> Request,
        check: fn(&Kit, &Answer) -> Result<(), String>,
    ) -> Case {
        Case::new(id, title, clause, Want::RefusedWith(check), move |kit| Some(request(kit)))
    }
    fn expired(kit: &Kit) -> Request {
        let now = clock::now();
        kit.good().bearer(
            &kit.token_with(json!({"iat": now.saturating_sub(4200), "exp": now.saturating_sub(3600)})),
        )
    }
    fn altered(kit: &Kit) -> Request {
        kit.good().bearer(&same_kind(kit).sign(&kit.header(), &kit.claims()))
    }
    vec![
        told(
            "HDR-REPLY-NONE",
            "Without a token: a challenge for `Bearer`",
            "RFC 6750, 3",
            Kit::good,
            |_, answer| challenge(answer, None),
        ),
        told(
            "HDR-REPLY-NONE-PLAIN",
            "Without a token: a challenge without an error",
            TOLD,
            Kit::good,
            |_, answer| {
                challenge(answer, None)?;
                let bearer = bearer(answer).unwrap_or_default();
                if bearer.contains("error=") { Err(format!("the challenge is `{bearer}`")) } else { Ok(()) }
            },
        ),
        told(
            "HDR-REPLY-EXPIRED",
            "An expired token: `invalid_token` in the challenge",
            TOLD,
            expired,
            |_, answer| challenge(answer, Some("invalid_token")),
        ),
        told("HDR-REPLY-EXPIRED-401", "An expired token: 401", TOLD, expired, |_, answer| {
            status(answer, 401)
        }),
        told(
            "HDR-REPLY-SIGNATURE",
            "A bad signature: `invalid_token` in the challenge",
            TOLD,
            altered,
            |_, answer| challenge(answer, Some("invalid_token")),
        ),
        told("HDR-REPLY-SIGNATURE-401", "A bad signature: 401", TOLD, altered, |_, answer| {
            status(answer, 401)
        }),
        told(
            "HDR-REPLY-TWICE-400",
            "Two tokens: 400",
            TOLD,
            |kit| kit.good().bearer(&kit.token()).bearer(&kit.token()),
            |_, answer| status(answer, 400),
        ),
        told(
            "HDR-REPLY-SILENT",
            "A refusal does not repeat the token",
            "RFC 6750, 5.1",
            |kit| kit.good().bearer(&kit.token_with(json!({"exp": 1, "iat": 0}))),
            |kit, answer| {
                let signed = kit.token();
                let header = signed.split('.').next().unwrap_or_default();
                if answer.contains(header) { Err("the answer has the token in it".into()) } else { Ok(()) }
            },
        ),
        refused(
            "HDR-REPLY-SCOPE",
            "A token for another server is not taken because of its scope",
            "TR 33.739, 6.25",
            |kit| {
                kit.token_with(json!({"aud": "ees.conformance.invalid", "scope": "eees-easdiscovery eecs-serviceprovisioning"}))
            },
        ),
    ]
}

/// The challenge for `Bearer`, wherever it stands among others.
fn bearer(answer: &Answer) -> Option<String> {
    let fields = answer.all("www-authenticate");
    let at = |field: &str| {
        let lower = field.to_ascii_lowercase();
        if lower.starts_with("bearer") { Some(0) } else { lower.find(", bearer").map(|at| at + 2) }
    };
    fields.into_iter().find_map(|field| at(field).map(|at| field[at..].to_owned()))
}

fn challenge(answer: &Answer, error: Option<&str>) -> Result<(), String> {
    let Some(challenge) = bearer(answer) else {
        return Err(format!("{} without a challenge for `Bearer`", answer.status));
    };
    match error {
        Some(error) if !challenge.contains(&format!("error=\"{error}\"")) => {
            Err(format!("the challenge is `{challenge}`"))
        }
        Some(_) | None => Ok(()),
    }
}

fn status(answer: &Answer, wanted: u16) -> Result<(), String> {
    if answer.status == wanted { Ok(()) } else { Err(format!("answered {}", answer.status)) }
}
