//! Names as Kubernetes and registries want them: a mistake is said here, not by whoever the output is handed to.

/// RFC 1123, as Kubernetes reads it: a namespace.
pub(super) fn label_name(text: &str) -> Result<String, String> {
    if is_label_name(text) {
        return Ok(text.to_owned());
    }
    Err("is no name of a namespace; give up to 63 of a-z, 0-9 and `-`, with a letter or digit at both ends"
        .into())
}

/// The name of a resource.
pub(super) fn subdomain(text: &str) -> Result<String, String> {
    if text.len() <= 253 && text.split('.').all(is_label_name) {
        return Ok(text.to_owned());
    }
    Err("is no name of a resource; give up to 253 of a-z, 0-9, `-` and `.`, with a letter or digit at the ends of each part".into())
}

/// The name of an HTTP filter, which stands in statistics and in the address of one.
pub(super) fn filter(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Ok(text.to_owned());
    }
    Err("is no name of a filter; give letters, digits, `.`, `_` and `-`".into())
}

/// KEY=VALUE, or a value of `app`.
pub(super) fn label(text: &str) -> Result<(&str, &str), String> {
    let (key, value) = text.split_once('=').unwrap_or(("app", text));
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| subdomain(prefix).is_err()) || !is_label_text(name) {
        return Err(format!("`{key}` is no key of a label; give one such as app.kubernetes.io/name"));
    }
    if !is_label_text(value) {
        return Err(format!(
            "`{value}` is no value of a label; give up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
        ));
    }
    Ok((key, value))
}

/// The digest of an image, with or without the `sha256:` in front.
pub(super) fn sha256(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(hex.to_ascii_lowercase());
    }
    Err("is no SHA-256; give the 64 hexadecimal digits of dist/oci.sha256".into())
}

/// An image in a registry, without the scheme.
pub(super) fn image(text: &str) -> Result<String, String> {
    let image = text.strip_prefix("oci://").unwrap_or(text);
    let is_fine = |b: u8| b.is_ascii_alphanumeric() || b"._-:/@".contains(&b);
    let parts = image.split('/').all(|part| !part.is_empty());
    if !image.contains("://") && image.contains('/') && parts && image.bytes().all(is_fine) {
        return Ok(image.to_owned());
    }
    Err("is no image; give HOST/NAME:TAG, with or without `oci://` in front".into())
}

/// A path that stands in one line.
pub(super) fn path(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("is no path; give that of the module".into());
    }
    Ok(text.to_owned())
}

fn is_label_name(text: &str) -> bool {
    let is_fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_fine)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_label_text(text: &str) -> bool {
    let at_end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let is_fine = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.len() <= 63
        && text.bytes().all(is_fine)
        && at_end(text.as_bytes().first())
        && at_end(text.as_bytes().last())
}
