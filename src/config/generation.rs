//! Which configuration is in force, as a number (`docs/contract.md#statistics`): workers and replicas that do the same agree,
//! however the configuration is written.

use crate::json::{self, Json};
use sha2::{Digest as _, Sha256};

/// The first 6 hexadecimal digits of the SHA-256 of the canonical form.
pub(super) fn of(document: &Json) -> u32 {
    let digest: [u8; 32] = Sha256::digest(canonical(document).to_string()).into();
    let [a, b, c, ..] = digest;
    u32::from_be_bytes([0, a, b, c])
}

/// Members sorted, numbers in one spelling; printing leaves out white space.
fn canonical(json: &Json) -> Json {
    match json {
        Json::Null | Json::Bool(_) | Json::String(_) => json.clone(),
        // A Struct has doubles: 60 is 60.0 and 6e1.
        Json::Number(text) => match json.as_finite() {
            // Too many digits for a decimal: its bits are one spelling as well.
            Some(number) => Json::Number(
                json::decimal(number).unwrap_or_else(|| format!("{:x}", number.to_bits())).into(),
            ),
            None => Json::Number(text.clone()),
        },
        Json::Array(items) => Json::Array(items.iter().map(canonical).collect()),
        Json::Object(members) => {
            let mut sorted: Vec<(Box<str>, Json)> = Vec::with_capacity(members.len());
            for (name, value) in members {
                let at = sorted.partition_point(|(own, _)| own <= name);
                sorted.insert(at, (name.clone(), canonical(value)));
            }
            Json::Object(sorted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::json::parse;

    fn generation(text: &str) -> u32 {
        of(&parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn it_is_the_digest_of_the_canonical_form() {
        // printf '%s' '{"a":[1,2.5],"b":{"c":"é","d":null}}' | sha256sum
        assert_eq!(generation(r#" { "b" : {"d":null, "c":"\u00e9"}, "a" : [1.0, 25e-1] } "#), 0x87b58a);
    }

    #[test]
    fn numbers_of_any_length_have_one_spelling() {
        for (one, same) in [("1e300", "10e299"), ("1e-300", "0.1e-299"), ("1e30", "1.0E+30"), ("0", "-0.0")] {
            assert_eq!(generation(&format!("[{one}]")), generation(&format!("[{same}]")), "{one}");
        }
        assert!(generation("[1e300]") != generation("[1e301]"));
    }

    #[test]
    fn what_says_something_else_has_another_number() {
        let all = ["{}", r#"{"a":1}"#, r#"{"a":"1"}"#, r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, r#"{"a":1e400}"#];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| generation(one) != generation(other)), "{one}");
        }
    }
}
