//! Words beside which a secret stands.

/// Words of which one is enough, where something comes after it.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "passphrase",
    "pwd",
    "pw",
    "pin",
    "psk",
    "otp",
    "secret",
    "token",
    "bearer",
    "basic",
    "dpop",
    "cookie",
    "apikey",
    "api key",
    "api-key",
    "api_key",
    "api/key",
    "session",
    "sid",
    "jwt",
    "credential",
    "credentials",
];

/// What may stand between the word and the secret.
const BETWEEN: &[char] = &[' ', ':', '=', '/', '|', ',', '+'];

/// Endings of a name before a colon, where a word is not whole (`accessToken: …`), or means something else elsewhere.
const BEFORE_A_COLON: &[&str] =
    &["token", "secret", "password", "passwd", "pwd", "apikey", "key", "pin", "auth"];

/// Of those, what is no secret as the name of a member: a scheme.
const SCHEMES: &[&str] = &["basic", "dpop"];

/// A user with a password, or a word that names a secret with something after it.
pub(super) fn names_secret(text: &str) -> bool {
    let small = text.to_ascii_lowercase();
    let followed = |(at, between): (usize, &str)| {
        let (before, after) = (&small[..at], &small[at..]);
        let before = before.trim_end_matches(BETWEEN);
        !after.trim_start_matches(BETWEEN).is_empty()
            && (ends_with_word(before)
                || between == ":" && BEFORE_A_COLON.iter().any(|word| before.ends_with(word)))
    };
    let user = small.split_once(':').is_some_and(|(_, after)| after.contains('@'));
    user || small.match_indices(BETWEEN).any(followed)
}

/// Whether `text` ends with such a word: what comes next may be the secret.
pub(super) fn ends_with_word(text: &str) -> bool {
    let small = text.to_ascii_lowercase();
    WORDS.iter().any(|word| {
        small.strip_suffix(word).is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
    })
}

/// Whether the member `name` says that its value is a secret: `client_secret`, `accessToken`; the type of a token is none.
pub(super) fn is_name_of_secret(name: &str) -> bool {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.ends_with(|last: char| last.is_ascii_uppercase()) {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    let words = words.to_ascii_lowercase();
    let mut words = words.split_ascii_whitespace();
    let is_type = words.clone().last() == Some("type");
    !is_type && words.any(|word| WORDS.contains(&word) && !SCHEMES.contains(&word))
}
