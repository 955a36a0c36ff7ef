//! The request may only speak for the client that the token names.

use super::identity::{Places, Presence, UeId};
use super::rule::Binding;
use crate::decision::{Denial, DenyReason};
use crate::json::{Json, Pointer, Step};

/// How the UE ID in a body is bound to the GPSI in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpsiMode {
    /// It is not looked at.
    Off,
    /// Where both are there, they must agree.
    IfPresent,
    /// A UE ID in the body needs an agreeing GPSI in the token.
    Required,
}

/// Whom the token speaks for.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// The EEC ID.
    pub eec_id: &'a str,
    /// The GPSIs; none if the token has none.
    pub gpsis: &'a [Box<str>],
}

/// What the comparison of one place in the body came to. The order is that of the table in
/// `docs/contract.md#decisions`.
enum Finding<'a> {
    Malformed,
    Missing(&'a Pointer),
    Mismatch(&'a Pointer),
}

/// Checks a body against the identity of a built-in operation.
///
/// # Errors
///
/// `body_malformed`, `binding_missing`, `binding_mismatch`: of all findings, the first of these.
pub fn check_operation(
    places: &Places,
    gpsi: GpsiMode,
    client: &Client<'_>,
    body: &Json,
) -> Result<(), Denial> {
    let mut findings: Vec<Finding<'_>> =
        places.absent.iter().filter_map(|place| absent(body, place)).collect();
    if let Some((place, presence)) = &places.eec_id {
        // With another kind of requestor instead, nothing is missing: the request speaks for somebody else.
        let stranger = findings.iter().any(|finding| matches!(finding, Finding::Mismatch(_)));
        let required = *presence == Presence::Required && !stranger;
        findings.extend(compare(body, place, required, |value| value == client.eec_id));
    }
    let (ue_id, place) = &places.ue_id;
    let own = *ue_id == UeId::Own;
    if *ue_id != UeId::None && gpsi != GpsiMode::Off {
        let must_agree = gpsi == GpsiMode::Required || own;
        let fits = |value: &str| {
            client.gpsis.iter().any(|gpsi| **gpsi == *value) || (client.gpsis.is_empty() && !must_agree)
        };
        findings.extend(compare(body, place, own, fits));
    }
    first(findings)
}

/// Checks a body against the bindings of a rule; `claim` finds the values that a claim allows.
///
/// # Errors
///
/// As [`check_operation`].
pub fn check_rule<'a>(
    bindings: &[Binding],
    body: &Json,
    claim: impl Fn(&Pointer) -> Vec<&'a str>,
) -> Result<(), Denial> {
    let mut findings = Vec::new();
    for binding in bindings {
        findings.extend(match binding {
            Binding::Claim { claim: source, body: pointer, required } => {
                let allowed = claim(source);
                compare(body, pointer, *required, |value| allowed.contains(&value))
            }
            Binding::Absent(pointer) => absent(body, pointer),
        });
    }
    first(findings)
}

fn compare<'p>(
    body: &Json,
    pointer: &'p Pointer,
    required: bool,
    fits: impl Fn(&str) -> bool,
) -> Option<Finding<'p>> {
    match pointer.walk(body) {
        Step::LookAlike => Some(Finding::Malformed),
        Step::Absent if required => Some(Finding::Missing(pointer)),
        Step::Absent => None,
        Step::Found(value) if value.as_str().is_some_and(fits) => None,
        Step::Found(_) => Some(Finding::Mismatch(pointer)),
    }
}

/// Where nothing may be, not even null.
fn absent<'p>(body: &Json, pointer: &'p Pointer) -> Option<Finding<'p>> {
    match pointer.walk(body) {
        Step::LookAlike => Some(Finding::Malformed),
        Step::Absent => None,
        Step::Found(_) => Some(Finding::Mismatch(pointer)),
    }
}

/// The finding that comes first in the contract's table.
fn first(mut findings: Vec<Finding<'_>>) -> Result<(), Denial> {
    findings.sort_by_key(|finding| match finding {
        Finding::Malformed => 0,
        Finding::Missing(_) => 1,
        Finding::Mismatch(_) => 2,
    });
    Err(match findings.first() {
        None => return Ok(()),
        Some(Finding::Malformed) => Denial::new(
            DenyReason::BodyMalformed,
            "a name on the way to a bound member would be taken for the wanted one by some readers",
        ),
        Some(Finding::Missing(pointer)) => {
            let because = "the body lacks a member that must name the client";
            Denial::at_pointer(DenyReason::BindingMissing, because, pointer.as_str())
        }
        Some(Finding::Mismatch(pointer)) => {
            let because = "the body speaks for somebody else than the token";
            Denial::at_pointer(DenyReason::BindingMismatch, because, pointer.as_str())
        }
    })
}
