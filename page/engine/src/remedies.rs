//! What to look at for each code, out of the operator's guide: what stands there is what the page says.

use eec_authn::decision::DenyReason;

const GUIDE: &str = include_str!("../../../docs/operators-guide.md");

/// The head of the table with a row for each code.
const HEAD: &str = "| code | look at |\n|---|---|\n";

/// What the guide says to look at for `code`, without the marks of links.
pub(crate) fn look_at(code: &str) -> Option<String> {
    let (_, table) = GUIDE.split_once(HEAD)?;
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_matches('|').split_once(" | "));
    let mut of_code = cells.filter(|(codes, _)| codes.split('`').any(|word| word == code));
    of_code.next().map(|(_, words)| without_links(words.trim()))
}

/// The code of a decision such as `denied: token_expired`, or of what shadow mode would refuse.
pub(crate) fn code_of(explanation: &serde_json::Value) -> Option<&'static str> {
    let shadow = explanation["shadow"]["code"].as_str();
    let denied = explanation["decision"].as_str().and_then(|decision| decision.strip_prefix("denied: "));
    let code = shadow.or(denied)?;
    DenyReason::ALL.iter().map(|reason| reason.code()).find(|known| *known == code)
}

/// `[text](address)` as `text`.
fn without_links(markdown: &str) -> String {
    let mut parts = markdown.split("](");
    let mut text = parts.next().unwrap_or_default().replace('[', "");
    for part in parts {
        let (_, after) = part.split_once(')').unwrap_or(("", part));
        text.push_str(&after.replace('[', ""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_guide_says_what_to_look_at_for_every_code() {
        let without: Vec<&str> = DenyReason::ALL
            .iter()
            .map(|reason| reason.code())
            .filter(|code| look_at(code).is_none())
            .collect();
        assert_eq!(without, [""; 0]);
        let expired = look_at("token_expired").expect("a row");
        assert!(expired.contains("`token.clock_skew_seconds`"), "{expired}");
        // A rotation does not bring `none` or HMAC about.
        let algorithm = look_at("algorithm_not_allowed").expect("a row");
        assert!(algorithm.starts_with("`alg` in the token's header "), "{algorithm}");
        assert!(algorithm.contains("`none`") && !algorithm.contains("rotation"), "{algorithm}");
        let confirmed = look_at("confirmation_failed").expect("a row");
        assert!(!confirmed.contains(['[', ']']) && !confirmed.contains(".md"), "{confirmed}");
        assert_eq!(look_at("no_such_code"), None);
    }
}
