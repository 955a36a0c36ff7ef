//! All cases, in groups.

use super::case::{Case, On, Want};
use super::kit::Kit;
use super::operations::Role;
use super::wire::Request;
use super::{bindings, claims, dpop, headers, keys, ownership, paths, tokens};
use serde_json::{Value, json};

/// Cases of one matter; a control request stands between groups.
pub(super) struct Group {
    /// What it is about.
    pub(super) title: &'static str,
    /// A good request of this group's own: where it is not let through, the target has nothing to test here.
    pub(super) gate: Option<Gate>,
    /// Its cases.
    pub(super) cases: Vec<Case>,
}

/// What a target need not have.
pub(super) struct Gate {
    /// The good request.
    pub(super) request: fn(&Kit) -> Request,
    /// Why nothing is tested without it.
    pub(super) why: &'static str,
}

/// The whole catalogue.
pub(super) fn groups() -> Vec<Group> {
    let group = |title, cases| Group { title, gate: None, cases };
    vec![
        group("Tokens: form, algorithm, signature", tokens::cases()),
        group("Claims", claims::cases()),
        group("Keys", keys::cases()),
        group("Binding: the body speaks for the token's client", bindings::cases()),
        group("Headers, and how a refusal is told", headers::cases()),
        group("Paths and methods", paths::cases()),
        Group {
            title: "Proof of possession",
            gate: Some(Gate { request: dpop::good, why: "the target takes no DPoP-bound tokens" }),
            cases: dpop::cases(),
        },
        group("Ownership of resources", ownership::cases()),
    ]
}

/// The cases for a role whose identifier or title has this text in it.
pub(super) fn selected(role: Role, text: Option<&str>) -> Vec<Group> {
    let text = text.unwrap_or_default().to_lowercase();
    let mut groups = groups();
    for group in &mut groups {
        let has = |case: &Case| format!("{} {}", case.id, case.title).to_lowercase().contains(&text);
        group.cases.retain(|case| case.roles().contains(&role) && has(case));
    }
    groups.retain(|group| !group.cases.is_empty());
    groups
}

/// What `--list --json` prints.
pub(super) fn listed(groups: &[Group], role: Option<Role>) -> Value {
    let rows = groups.iter().flat_map(|group| {
        let cases =
            group.cases.iter().filter(move |case| role.is_none_or(|role| case.roles().contains(&role)));
        cases.map(move |case| {
            let roles: Vec<&str> = case.roles().iter().map(|role| role.name()).collect();
            let mut row = json!({
                "id": case.id, "group": group.title, "title": case.title, "clause": case.clause,
                "want": case.want.name(), "roles": roles,
            });
            if let On::Operation(operation) | On::ForeignItem(operation) = case.on {
                row["operation"] = json!(operation.listed());
            }
            row
        })
    });
    rows.collect()
}

impl Case {
    /// The interfaces that it is for.
    pub(super) fn roles(&self) -> &'static [Role] {
        match self.on {
            On::Target => &[Role::Ees, Role::Ecs],
            On::Operation(operation) | On::ForeignItem(operation) => match operation.role {
                Role::Ees => &[Role::Ees],
                Role::Ecs => &[Role::Ecs],
            },
        }
    }
}

impl Want {
    /// In the list.
    pub(super) fn name(self) -> &'static str {
        match self {
            Want::LetThrough => "let through",
            Want::RefusedToken
            | Want::RefusedBody
            | Want::RefusedPlace
            | Want::RefusedItem
            | Want::RefusedWith(_)
            | Want::RefusedAgain => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn identifiers_are_unique_and_begin_with_their_group() {
        let mut seen = HashSet::new();
        const PREFIXES: [&str; 8] = ["TOK-", "CLM-", "KEY-", "BND-", "HDR-", "PTH-", "DPOP-", "OWN-"];
        for (group, prefix) in groups().iter().zip(PREFIXES) {
            for case in &group.cases {
                assert!(case.id.starts_with(prefix), "{}", case.id);
                assert!(
                    case.id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-'),
                    "{}",
                    case.id
                );
                assert!(seen.insert(case.id.clone()), "{} twice", case.id);
                assert!(
                    case.title.starts_with(|c: char| c.is_uppercase() || c == '`')
                        && !case.title.ends_with('.'),
                    "{}",
                    case.title
                );
            }
        }
        assert!(seen.len() >= 150, "{} cases", seen.len());
    }

    #[test]
    fn every_clause_is_one_of_the_sources() {
        const SOURCES: [&str; 8] = [
            "TR 33.739, 6.25",
            "TS 24.558, ",
            "TS 29.558, ",
            "RFC 7515, ",
            "RFC 7519, ",
            "RFC 8725, ",
            "RFC 6750, ",
            "RFC 9449, ",
        ];
        for case in groups().iter().flat_map(|group| &group.cases) {
            for clause in case.clause.split("; ") {
                assert!(SOURCES.iter().any(|source| clause.starts_with(source)), "{}: {clause}", case.id);
            }
        }
    }

    #[test]
    fn each_role_has_enough_and_a_text_narrows_it() {
        let count = |role, text| selected(role, text).iter().map(|group| group.cases.len()).sum::<usize>();
        assert!(count(Role::Ees, None) > 150 && count(Role::Ecs, None) > 150);
        assert_eq!(count(Role::Ees, Some("tok-alg-none-case")), 1);
        assert_eq!(count(Role::Ees, Some("PROV-")), 0);
        assert_eq!(count(Role::Ees, Some("no such case")), 0);
    }
}
