//! The catalogue of `eec-authn conformance`, and the page that is made of it.

use crate::support::find;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

const BEGIN: &str = "<!-- catalogue: from `eec-authn conformance --list --json` -->\n";
const END: &str = "<!-- /catalogue -->";

fn listed(more: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_eec-authn"))
        .args(["--json", "conformance", "--list"])
        .args(more)
        .output()
        .expect("the command runs");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("no {member} in {case}"))
}

#[test]
fn the_page_is_the_catalogue() {
    let cases = listed(&[]);
    let mut table = String::new();
    let mut group = "";
    for case in &cases {
        if text(case, "group") != group {
            group = text(case, "group");
            let of_group = cases.iter().filter(|case| text(case, "group") == group).count();
            table += &format!(
                "\n### {group}\n\n{of_group} cases.\n\n| case | what is sent | must be | from |\n|---|---|---|---|\n"
            );
        }
        let cell = |member: &str| text(case, member).replace('|', "\\|");
        table +=
            &format!("| `{}` | {} | {} | {} |\n", cell("id"), cell("title"), cell("want"), cell("clause"));
    }
    let path = find::root().join("docs/conformance.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("where the catalogue begins");
    let (old, after) = rest.split_once(END).expect("where it ends");
    let table = format!("{table}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).expect("the page is written");
    } else {
        assert_eq!(old, table, "docs/conformance.md is not of this catalogue; UPDATE_GOLDEN=1 writes it");
    }
}

#[test]
fn there_are_enough_cases_of_every_group() {
    let cases = listed(&[]);
    assert!(cases.len() >= 150, "{}", cases.len());
    let ids: BTreeSet<&str> = cases.iter().map(|case| text(case, "id")).collect();
    assert_eq!(ids.len(), cases.len(), "an identifier stands twice");
    for prefix in ["TOK-", "CLM-", "KEY-", "BND-", "HDR-", "PTH-", "DPOP-", "OWN-"] {
        let of_group: Vec<&Value> =
            cases.iter().filter(|case| text(case, "id").starts_with(prefix)).collect();
        assert!(of_group.len() >= 15, "{prefix}: {}", of_group.len());
        for want in ["refused", "let through"].iter().filter(|_| !matches!(prefix, "KEY-" | "PTH-")) {
            assert!(of_group.iter().any(|case| text(case, "want") == *want), "{prefix}: nothing is {want}");
        }
    }
}

#[test]
fn a_role_has_its_own_operations_only() {
    for (role, own, foreign) in
        [("ees", "BND-REG-POST-OWN", "BND-PROV-POST-OWN"), ("ecs", "BND-PROV-POST-OWN", "BND-REG-POST-OWN")]
    {
        let cases = listed(&["--role", role]);
        let has = |id: &str| cases.iter().any(|case| text(case, "id") == id);
        assert!(has(own) && has("TOK-GOOD") && !has(foreign), "{role}");
    }
}
