//! Where an answer leads, and whether a token may go there.

use super::url::Url;
use axum::http::{HeaderMap, header};

/// How often one request is led on.
pub(super) const MOST_REDIRECTS: usize = 3;

/// The one `Location` of an answer.
fn location(headers: &HeaderMap) -> Result<&str, String> {
    let mut all = headers.get_all(header::LOCATION).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().map_err(|_| "its `Location` is no text".to_owned()),
        (None, _) => Err("it has no `Location`".to_owned()),
        (Some(_), Some(_)) => Err("it has several `Location`".to_owned()),
    }
}

/// Where the item is that was made by a POST to `asked`. A server behind a proxy may know neither its scheme nor its port: at the same
/// host, what was asked for holds, and the path is taken to the letter.
pub(super) fn made(asked: &Url, headers: &HeaderMap, accepted: &[&str]) -> Result<Url, String> {
    let url = led(asked, location(headers)?)?;
    if url.host() == asked.host() { Ok(asked.at(url.path())) } else { may_go(asked, url, accepted) }
}

/// Where a 307 or 308 leads.
pub(super) fn redirect(asked: &Url, headers: &HeaderMap, accepted: &[&str]) -> Result<Url, String> {
    may_go(asked, led(asked, location(headers)?)?, accepted)
}

/// `url`, if who was asked at `asked` may send the client there: by TLS if it was asked by TLS, and to accepted hosts only.
pub(super) fn may_go(asked: &Url, url: Url, accepted: &[&str]) -> Result<Url, String> {
    if asked.origin().https && !url.origin().https {
        return Err(format!("`{url}` gives up TLS, so it is not followed"));
    }
    if url.host() != asked.host() && !accepted.iter().any(|host| host.eq_ignore_ascii_case(url.host())) {
        let host = url.host();
        return Err(format!(
            "`{host}` is not a host that may have a token; --accept-host {host} makes it one"
        ));
    }
    Ok(url)
}

fn led(asked: &Url, reference: &str) -> Result<Url, String> {
    asked.resolve(reference).ok_or_else(|| format!("`{reference}` leads nowhere"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const ASKED: &str = "https://ees1.example:8443/e/v1/registrations";

    fn headers(locations: &[&str]) -> HeaderMap {
        let values = locations.iter().map(|text| HeaderValue::from_str(text).unwrap());
        values.map(|value| (header::LOCATION, value)).collect()
    }

    #[test]
    fn an_item_is_where_location_says_to_the_letter() {
        let asked = Url::parse(ASKED).unwrap();
        let made = |locations: &[&str]| {
            made(&asked, &headers(locations), &["EES2.example"]).map(|url| url.to_string())
        };
        let here = "https://ees1.example:8443/e/v1/registrations/1.s_%2D".to_owned();
        // Of the same host: whatever the server takes for its scheme and port.
        for location in [
            "/e/v1/registrations/1.s_%2D",
            "https://ees1.example:8443/e/v1/registrations/1.s_%2D",
            "http://ees1.example/e/v1/registrations/1.s_%2D",
        ] {
            assert_eq!(made(&[location]), Ok(here.clone()));
        }
        assert_eq!(made(&["https://ees2.example/r/1"]), Ok("https://ees2.example/r/1".to_owned()));
        for wrong in
            [&["https://ees3.example/r/1"][..], &["http://ees2.example/r/1"], &["r/1"], &[], &["/a", "/a"]]
        {
            assert!(made(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_token_goes_to_accepted_hosts_only_and_never_from_tls_to_plain() {
        let asked = Url::parse(ASKED).unwrap();
        let led = |location: &str| redirect(&asked, &headers(&[location]), &["ees2.example"]);
        for good in
            ["/elsewhere", "https://ees1.example/x", "https://ees2.example/x", "https://EES2.example:1/x"]
        {
            assert!(led(good).is_ok(), "{good}");
        }
        for bad in
            ["http://ees1.example:8443/x", "http://ees2.example/x", "https://ees2.example.evil.example/x"]
        {
            assert!(led(bad).is_err(), "{bad}");
        }
        let plain = Url::parse("http://ees1.example/x").unwrap();
        assert!(redirect(&plain, &headers(&["https://ees1.example/x"]), &[]).is_ok());
    }
}
