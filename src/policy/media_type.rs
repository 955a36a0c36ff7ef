//! Whether a body is declared as JSON that everybody reads in the same way.

/// Whether `content_types` is exactly one media type, JSON, in UTF-8. A merge patch (RFC 7396) counts for
/// PATCH only.
pub fn is_json<'a>(mut content_types: impl Iterator<Item = &'a [u8]>, method: &[u8]) -> bool {
    match (content_types.next(), content_types.next()) {
        (Some(one), None) => {
            std::str::from_utf8(one).is_ok_and(|text| is_json_type(text, method == b"PATCH"))
        }
        _ => false,
    }
}

/// Whether the body is sent as it is: no coding but `identity`.
pub fn is_plain<'a>(mut content_encodings: impl Iterator<Item = &'a [u8]>) -> bool {
    content_encodings.all(|value| {
        value.split(|b| *b == b',').all(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"identity"))
    })
}

fn is_json_type(text: &str, patch: bool) -> bool {
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let json = media_type.eq_ignore_ascii_case("application/json")
        || (patch && media_type.eq_ignore_ascii_case("application/merge-patch+json"));
    json && parts.all(is_harmless_parameter)
}

/// Any parameter but a charset other than UTF-8.
fn is_harmless_parameter(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    !name.trim().eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
}
