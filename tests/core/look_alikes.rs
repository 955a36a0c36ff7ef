//! Every character of Unicode as a part of a name: what a Unicode library makes of it, no reader may take for another name.

use eec_authn::json::{Json, Pointer, Step};
use unicode_normalization::UnicodeNormalization as _;

/// What is left of a character once it is normalized (NFKC or NFKD) and its case is folded, as far as it is ASCII.
fn ascii_part(normalized: impl Iterator<Item = char>) -> String {
    let folded = normalized.flat_map(|c| match c {
        'İ' | 'ı' => vec!['i'],
        c => c.to_uppercase().flat_map(char::to_lowercase).collect(),
    });
    folded.filter(char::is_ascii_alphanumeric).collect()
}

fn is_look_alike(name: &str, wanted: &str) -> bool {
    let body = Json::Object(vec![(name.into(), Json::Null)]);
    matches!(Pointer::to_member(wanted).walk(&body), Step::LookAlike)
}

#[test]
fn every_character_counts_as_the_letters_that_it_stands_for() {
    let (mut standing, mut wrong) = (0, Vec::new());
    for c in ('\u{80}'..=char::MAX).filter(|c| *c != '\0') {
        for part in [ascii_part(c.nfkc()), ascii_part(c.nfkd())] {
            let (name, wanted) = (format!("a{c}z"), format!("a{part}z"));
            let stands = !part.is_empty();
            standing += usize::from(stands);
            // Readers that drop it before they normalize take the name for the rest.
            if !is_look_alike(&name, "az") || (stands && !is_look_alike(&name, &wanted)) {
                wrong.push(format!("U+{:04X} is {part:?}", u32::from(c)));
            }
        }
    }
    assert!(standing > 3_000, "the library knows {standing} characters only");
    assert!(wrong.is_empty(), "{} characters: {}", wrong.len(), wrong.join(", "));
}

/// Where the characters are that stand for letters and digits, and those beside them.
const NEAR: [std::ops::RangeInclusive<char>; 4] =
    ['\u{80}'..='\u{34ff}', '\u{a700}'..='\u{abff}', '\u{fb00}'..='\u{ffff}', '\u{1d000}'..='\u{1fbff}'];

#[test]
fn a_character_counts_as_nothing_else() {
    let mut wrong = Vec::new();
    for c in NEAR.into_iter().flatten() {
        let parts = [ascii_part(c.nfkc()), ascii_part(c.nfkd())];
        for other in ('0'..='9').chain('a'..='z').map(String::from).filter(|other| !parts.contains(other)) {
            if is_look_alike(&format!("a{c}z"), &format!("a{other}z")) {
                wrong.push(format!("U+{:04X} is {other:?}", u32::from(c)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} characters: {}", wrong.len(), wrong.join(", "));
}

#[test]
fn ascii_that_is_no_letter_or_digit_does_not_count() {
    for c in ('\0'..='\u{7f}').filter(|c| !c.is_ascii_alphanumeric()) {
        assert!(is_look_alike(&format!("eec{c}Id"), "eecId"), "{c:?}");
    }
    for c in ('0'..='z').filter(char::is_ascii_alphanumeric) {
        assert!(!is_look_alike(&format!("eec{c}Id"), "eecId"), "{c:?}");
    }
}

#[test]
fn what_ends_at_a_nul_is_the_name_before_it() {
    for (name, expected) in [
        ("eecId\0", true),
        ("eecId\0x", true),
        ("eec_id\0x\0y", true),
        ("x\0eecId", false),
        ("eecI\0d2", false),
    ] {
        assert_eq!(is_look_alike(name, "eecId"), expected, "{name:?}");
    }
}

#[test]
fn names_outside_ascii_are_compared_by_case_alone() {
    assert!(is_look_alike("GRÖSSE", "größe"));
    assert!(!is_look_alike("länge", "größe"));
    assert!(!is_look_alike("名前", "番号"));
    assert!(!is_look_alike("-", "_"));
}
