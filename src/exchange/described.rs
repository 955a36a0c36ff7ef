//! What the checks of a rule and of a body compare, in words for whoever wants to see a walk (`Trace`).

use crate::json::{Json, Pointer, Step};
use crate::policy::binding::Client;
use crate::policy::identity::{Places, Presence, UeId};
use crate::policy::{Action, Binding, ClaimCheck, GpsiMode, Rule};
use crate::token::ValidToken;

/// A rule, by the name that the operator has given it.
pub(super) fn rule(rule: &Rule) -> String {
    rule.name.as_deref().map_or_else(|| "the rule".into(), |name| format!("rule `{name}`"))
}

/// What must cover a request, where a rule with this action takes it.
pub(super) fn route(taken_by: Option<Action>) -> &'static str {
    match taken_by {
        Some(Action::Deny) => "no rule with `deny`",
        Some(Action::Authenticate | Action::PassWithoutToken) | None => "a rule or a built-in operation",
    }
}

/// What a rule asks of the token and what the token says: the check that failed, or else all of them.
pub(super) fn claims(of: &Rule, failed: Option<&ClaimCheck>, token: &ValidToken) -> (String, String) {
    let checks: Vec<&ClaimCheck> = failed.map_or_else(|| of.claims.iter().collect(), |check| vec![check]);
    let all = |words: &dyn Fn(&ClaimCheck) -> String| {
        checks.iter().map(|check| words(check)).collect::<Vec<_>>().join(", ")
    };
    let expected = all(&|check| format!("{} {}", check.claim.as_claim(), check.condition));
    let found = all(&|check| format!("{} {}", check.claim.as_claim(), token.shown(&check.claim)));
    (format!("{expected}, by {}", rule(of)), found)
}

/// What a body must name, and what it names, at each place that is looked at.
pub(super) fn binding(
    places: Option<&Places>,
    gpsi: GpsiMode,
    bound_by: Option<&Rule>,
    token: &ValidToken,
    body: &Json,
) -> (String, String) {
    let mut wanted: Vec<(&Pointer, String)> = Vec::new();
    if let Some(places) = places {
        wanted.extend(operation(places, gpsi, &token.client()));
    }
    for binding in bound_by.iter().flat_map(|rule| &rule.bind) {
        wanted.push(match binding {
            Binding::Claim { claim: source, body: place, .. } => {
                (place, format!("{} ({})", token.strings(source).join(" or "), source.as_claim()))
            }
            Binding::Absent(place) => (place, "absent".into()),
        });
    }
    let listed =
        |word: &dyn Fn(&(&Pointer, String)) -> String| wanted.iter().map(word).collect::<Vec<_>>().join(", ");
    let expected = listed(&|(place, value)| format!("{} {value}", place.as_str()));
    let found = listed(&|(place, _)| format!("{} {}", place.as_str(), at(place, body)));
    let by = bound_by.filter(|rule| !rule.bind.is_empty()).map(|by| format!(", by {}", rule(by)));
    (expected + &by.unwrap_or_default(), found)
}

/// What the identity of a built-in operation asks for.
fn operation<'p>(places: &'p Places, gpsi: GpsiMode, client: &Client<'_>) -> Vec<(&'p Pointer, String)> {
    let mut wanted = Vec::new();
    if let Some((place, presence)) = &places.eec_id {
        let open = if *presence == Presence::IfThere { " or absent" } else { "" };
        wanted.push((place, format!("{}{open}", client.eec_id)));
    }
    let (ue_id, place) = &places.ue_id;
    if *ue_id != UeId::None && gpsi != GpsiMode::Off {
        let own = *ue_id == UeId::Own;
        let named = match client.gpsis {
            [] if own => "the token's GPSI, and it has none".into(),
            [] if gpsi == GpsiMode::Required => "absent, since the token has no GPSI".into(),
            [] => "anything, since the token has no GPSI".into(),
            gpsis if own => gpsis.join(" or "),
            gpsis => gpsis.join(" or ") + " or absent",
        };
        wanted.push((place, named));
    }
    wanted.extend(places.absent.iter().map(|place| (place, "absent".into())));
    wanted
}

fn at(place: &Pointer, body: &Json) -> String {
    match place.walk(body) {
        Step::Found(value) => value.to_string(),
        Step::Absent => "absent".into(),
        Step::LookAlike => "under a name that some readers take for it".into(),
    }
}
