//! Whether a body is declared as JSON that everybody reads in the same way.

/// What of a request's declarations keeps its body from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported {
    /// The method is PATCH, which takes a merge patch (RFC 7396) as well.
    pub patch: bool,
    /// The body has a content coding.
    pub coded: bool,
}

/// Whether the body of a request by `method` is exactly one media type, JSON, in UTF-8, and sent as it is.
///
/// # Errors
///
/// What must be declared in another way.
pub fn check<'a>(
    content_types: impl Iterator<Item = &'a [u8]>,
    content_encodings: impl Iterator<Item = &'a [u8]>,
    method: &[u8],
) -> Result<(), Unsupported> {
    let patch = method == b"PATCH";
    let json = only(content_types).is_some_and(|(media_type, parameters)| {
        let merge_patch = patch && media_type.eq_ignore_ascii_case("application/merge-patch+json");
        (merge_patch || is_json_type(media_type)) && says_utf8_at_most(parameters)
    });
    let coded = is_coded(content_encodings);
    if json && !coded { Ok(()) } else { Err(Unsupported { patch, coded }) }
}

/// Whether an answer that we ourselves read is declared as JSON. We read UTF-8, whatever else the parameters say.
pub fn is_json_answer<'a>(content_types: impl Iterator<Item = &'a [u8]>) -> bool {
    only(content_types).is_some_and(|(media_type, parameters)| {
        let other_charset =
            |(name, value): (&str, &str)| name.eq_ignore_ascii_case("charset") && !is_utf8(value);
        is_json_type(media_type) && !split(parameters).any(other_charset)
    })
}

/// Whether the one `Content-Type` is one of `media_types`, with whatever parameters.
pub fn is_one_of<'a>(content_types: impl Iterator<Item = &'a [u8]>, media_types: &[&str]) -> bool {
    only(content_types)
        .is_some_and(|(found, _)| media_types.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
}

/// Whether there is a content coding: any but `identity`, which is none.
pub fn is_coded<'a>(mut content_encodings: impl Iterator<Item = &'a [u8]>) -> bool {
    let identity = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    !content_encodings.all(|value| value.split(|b| *b == b',').all(identity))
}

/// The media type and the parameters of the only `Content-Type`.
fn only<'a>(mut content_types: impl Iterator<Item = &'a [u8]>) -> Option<(&'a str, &'a str)> {
    let (Some(one), None) = (content_types.next(), content_types.next()) else { return None };
    let text = std::str::from_utf8(one).ok()?;
    let (media_type, parameters) = text.split_once(';').unwrap_or((text, ""));
    Some((media_type.trim_matches(WHITE_SPACE), parameters))
}

/// `OWS` of RFC 9110, section 5.6.3.
const WHITE_SPACE: [char; 2] = [' ', '\t'];

fn is_json_type(media_type: &str) -> bool {
    media_type.eq_ignore_ascii_case("application/json")
}

/// No parameter but one charset, UTF-8. Real servers follow `charset*=`, `charset*0=` (RFC 2231) and the last of several;
/// some split at commas, too.
fn says_utf8_at_most(parameters: &str) -> bool {
    let mut given = split(parameters);
    let first = given.next();
    let charset = |(name, value): (&str, &str)| name.eq_ignore_ascii_case("charset") && is_utf8(value);
    first.is_none_or(charset) && given.next().is_none() && !parameters.contains(',')
}

/// Names and values; an empty parameter, as after a trailing `;`, is none.
fn split(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    let given = parameters.split(';').map(|parameter| parameter.trim_matches(WHITE_SPACE));
    given.filter(|parameter| !parameter.is_empty()).map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (name.trim_end_matches(WHITE_SPACE), value)
    })
}

fn is_utf8(value: &str) -> bool {
    let quoted = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    quoted.unwrap_or(value).eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(values: &'a [&'a str]) -> impl Iterator<Item = &'a [u8]> {
        values.iter().map(|value| value.as_bytes())
    }

    #[test]
    fn an_answer_is_json_with_whatever_parameters_but_another_charset() {
        for (content_types, expected) in [
            (&["application/json"][..], true),
            (&["Application/JSON; profile=x; charset=\"UTF-8\";"], true),
            (&["application/json;Charset=utf-16"], false),
            (&["application/json; charset=utf-8; charset=utf-7"], false),
            (&["text/plain"], false),
            (&["text/plain; charset=utf-8"], false),
            (&["application/json-seq"], false),
            (&["application/json", "application/json"], false),
            (&[], false),
        ] {
            assert_eq!(is_json_answer(lines(content_types)), expected, "{content_types:?}");
        }
    }

    #[test]
    fn every_coding_but_identity_is_one() {
        for (content_encodings, expected) in [
            (&[][..], false),
            (&["identity"], false),
            (&["Identity", " identity\t,identity"], false),
            (&["gzip"], true),
            (&["identity, br"], true),
            (&["identity", "gzip"], true),
            (&["identity2"], true),
        ] {
            assert_eq!(is_coded(lines(content_encodings)), expected, "{content_encodings:?}");
        }
    }
}
