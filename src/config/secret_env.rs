//! Variables in the VM's environment that hold secrets, and `secret_env`: those for MACs, the first of which makes them.

use super::node::Node;
use super::shape::quote;
use crate::mac_key::MacKey;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// `=` at the end may be there or not: operators make secrets with tools that write it, and with others.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Looks up a variable in the environment of the VM.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The name of a variable. What cannot be one may be the secret itself, put into the wrong place: it is repeated nowhere.
pub(super) fn variable<'a>(node: &Node<'a>) -> Option<&'a str> {
    let name = node.text()?;
    let fault = if !is_name(name) {
        "is not the name of a variable (letters, digits and `_`, no digit first)"
    } else if looks_secret(name) {
        "looks like a secret, and not like the name of a variable"
    } else {
        return Some(name);
    };
    node.error(format!(
        "{fault}; give the name of a variable of the VM's environment, which holds the secret, and if this was the secret itself \
         make a new one: config dumps show it"
    ));
    None
}

fn is_name(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether what could be a name is rather random: hexadecimal digits alone, or letters of both cases with digits among them.
fn looks_secret(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.bytes().any(|b| is(&b));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && digits >= 3;
    text.len() >= 32 && (text.bytes().all(|b| b.is_ascii_hexdigit()) || is_mixed)
}

/// The keys made of the secrets that `node`, a list of names, points to; `None` if something has been reported.
pub(super) fn mac_keys(node: &Node<'_>, environment: &Environment<'_>) -> Option<Vec<MacKey>> {
    let items = node.items();
    let names: Vec<Option<&str>> = items.iter().map(variable).collect();
    let is_again = |number: usize, name| names.iter().take(number).any(|earlier| *earlier == Some(name));
    let mut keys = Vec::with_capacity(items.len());
    for (number, (item, name)) in items.iter().zip(&names).enumerate() {
        let Some(name) = *name else { continue };
        if is_again(number, name) {
            node.error(format!("has {} twice; keep one of them", quote(name)));
        } else {
            keys.extend(mac_key(item, name, environment));
        }
    }
    (!keys.is_empty() && keys.len() == items.len()).then_some(keys)
}

/// The secret in the variable `name`, as it is sent; `node` is where the name stands. What hangs on to it from a file is no part of
/// it, and would only show as credentials that the server refuses.
pub(super) fn password(node: &Node<'_>, name: &str, environment: &Environment<'_>) -> Option<String> {
    let Some(secret) = environment(name) else {
        node.error(not_there(name));
        return None;
    };
    let fault = if secret.trim().is_empty() {
        "is empty; set it to the secret"
    } else if secret.trim() != secret {
        "has white space at its beginning or end, such as the line end of a file; set it to the secret alone"
    } else {
        return Some(secret);
    };
    node.error(format!("the variable {} {fault}", quote(name)));
    None
}

/// What is said of a variable that is not there. Envoy leaves out of the VM's environment, without a word, what its own does not have.
fn not_there(name: &str) -> String {
    format!(
        "the VM's environment has no variable {}; set it in `vm_config.environment_variables`, and in Envoy's own environment, where \
         `host_env_keys` takes it from",
        quote(name)
    )
}

fn mac_key(node: &Node<'_>, name: &str, environment: &Environment<'_>) -> Option<MacKey> {
    let Some(text) = environment(name) else {
        node.error(not_there(name));
        return None;
    };
    let key = BASE64URL.decode(text).ok().and_then(|secret| MacKey::new(&secret));
    if key.is_none() {
        node.error(format!(
            "the variable {} does not hold base64url of at least {} bytes; make a secret with \
             `openssl rand -base64 32 | tr '+/' '-_'`, and mind spaces and line ends",
            quote(name),
            MacKey::MIN_BYTES
        ));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::super::node::Report;
    use super::super::shape::Shape;
    use super::*;
    use crate::json;

    static LIST: Shape = Shape::List { item: &Shape::Text, min: 1 };
    const GOOD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn read(names: &str, environment: &[(&str, &str)]) -> Result<usize, Vec<String>> {
        let (document, report) = (json::parse(names.as_bytes()).expect("JSON"), Report::default());
        let find = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let keys = mac_keys(&Node::root(&document, &LIST, &report), &find);
        let (errors, _) = report.into_parts();
        match keys {
            Some(keys) if errors.is_empty() => Ok(keys.len()),
            _ => Err(errors.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn each_variable_gives_a_key() {
        let padded = format!("{GOOD}=");
        assert_eq!(read(r#"["A", "B"]"#, &[("A", GOOD), ("B", &padded)]), Ok(2));
    }

    #[test]
    fn what_is_not_there_or_no_secret_is_named_without_its_value() {
        let short = GOOD.strip_suffix('8').expect("an 8");
        let line = format!("{GOOD}\n");
        for value in [short, &line, "", "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+"] {
            let errors = read(r#"["A", "B"]"#, &[("A", GOOD), ("B", value)]).expect_err(value);
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(errors[0].starts_with("[1]: the variable \"B\" does not hold base64url"), "{errors:?}");
            assert!(value.is_empty() || !errors[0].contains(value), "{errors:?}");
        }
        let errors = read(r#"["A", "B"]"#, &[("A", GOOD)]).expect_err("no B");
        assert!(errors[0].starts_with("[1]: the VM's environment has no variable \"B\""), "{errors:?}");
    }

    /// Names as operators give them, the last ones long, with digits or in mixed case.
    #[test]
    fn a_name_is_no_secret() {
        for name in [
            "A",
            "_",
            "_0",
            "es_secret",
            "EEC_AUTHN_INTROSPECTION_SECRET_2026",
            "EEC_AUTHN_INTROSPECTION_SECRET_OF_MNC001_MCC001_2026_10_01",
            "EntitlementServerClientSecretOfTheEdge01",
            "deadbeef",
            "abcdefabcdefabcdefabcdefabcdefa",
        ] {
            assert_eq!(read(&format!("[{name:?}]"), &[(name, GOOD)]), Ok(1), "{name}");
        }
    }

    #[test]
    fn a_secret_in_the_place_of_a_name_is_not_repeated() {
        let no_name = "is not the name of a variable";
        let secret = "looks like a secret";
        for (value, said) in [
            ("correct horse", no_name),
            ("$ES_SECRET", no_name),
            ("ES-SECRET", no_name),
            (" ES_SECRET", no_name),
            ("ES_SECRET\n", no_name),
            ("9_LIVES", no_name),
            ("Pässword", no_name),
            ("c3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQtaW4gc3Rhbm=", no_name),
            ("abcdefabcdefabcdefabcdefabcdefab", secret),
            ("F00DBABEF00DBABEF00DBABEF00DBABEF00DBABE", secret),
            ("c3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQ", secret),
            ("c3RhbmQ_aW4gc3RhbmQ_aW4gc3RhbmQ_aW4gc3RhbmQ", secret),
            ("Q0mZr1xKfTbYw8uHsVnEaLdJpGiOc2Rk", secret),
        ] {
            // Even where it is there twice, and is the name of a variable.
            let list = format!("[{}, {0}]", quote(value));
            let errors = read(&list, &[(value, GOOD)]).expect_err(value);
            assert_eq!(errors.len(), 2, "{errors:?}");
            for (number, error) in errors.iter().enumerate() {
                assert!(error.starts_with(&format!("[{number}]: {said}")), "{value}: {error}");
                assert!(!error.contains(value.trim()), "{error}");
            }
        }
    }

    #[test]
    fn a_name_twice_is_an_error_of_the_list() {
        let errors = read(r#"["A", "A"]"#, &[("A", GOOD)]).expect_err("twice");
        assert_eq!(errors, ["configuration: has \"A\" twice; keep one of them"]);
    }
}
