//! How configured names are read, and how `iss`, `aud` and `:authority` name them.

use eec_authn::fqdn::Fqdn;

fn host() -> Fqdn {
    Fqdn::parse("ees1.edge.example.net").unwrap()
}

#[test]
fn names_of_letters_digits_and_hyphens() {
    let label = "a".repeat(63);
    let longest = [&label[..], &label, &label, &label[..61]].join(".");
    assert_eq!(longest.len(), 253);
    for (text, name) in [
        ("ees1.edge.example.net", "ees1.edge.example.net"),
        ("EES1.Edge.Example.NET", "ees1.edge.example.net"),
        ("ees1.edge.example.net.", "ees1.edge.example.net"),
        ("aes.mnc001.mcc001.pub.3gppnetwork.org", "aes.mnc001.mcc001.pub.3gppnetwork.org"),
        ("localhost", "localhost"),
        ("1.2.3.a4", "1.2.3.a4"),
        ("a-b--c.d", "a-b--c.d"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (&longest, &longest),
        (&format!("{longest}."), &longest),
    ] {
        assert_eq!(Fqdn::parse(text).as_ref().map(Fqdn::as_str), Some(name), "{text}");
    }
}

#[test]
fn all_else_is_no_name() {
    let label = "a".repeat(64);
    let too_long = vec!["a"; 127].join(".") + "b";
    assert_eq!(too_long.len(), 254);
    for text in [
        "",
        ".",
        "..",
        ".a",
        "a..b",
        "a..",
        "-a.net",
        "a-.net",
        "a.-b",
        "a_b.net",
        "a b.net",
        " a.net",
        "a.net ",
        "a.net\n",
        "*.example.net",
        "a.*",
        "a.net:443",
        "https://a.net",
        "a.net/",
        "user@a.net",
        "bücher.example",
        "a.net\0",
        "127.0.0.1",
        "1.2.3.4.",
        "10",
        "::1",
        "[::1]",
        "a.b.123",
        "0x7f.1",
        "a%2enet",
        "a,b",
        "a.net#",
        "a.net?",
        &label,
        &too_long,
    ] {
        assert_eq!(Fqdn::parse(text), None, "{text:?}");
    }
}

#[test]
fn a_claim_names_a_host_bare_or_as_an_https_url() {
    for claim in [
        "ees1.edge.example.net",
        "EES1.EDGE.EXAMPLE.NET",
        "ees1.edge.example.net.",
        "https://ees1.edge.example.net",
        "https://ees1.edge.example.net/",
        "https://ees1.edge.example.net./",
        "HTTPS://Ees1.edge.example.net/",
        "hTTps://ees1.edge.example.net.",
    ] {
        assert!(host().is_named_by(claim), "{claim}");
    }
}

#[test]
fn nothing_else_names_it() {
    for claim in [
        "",
        ".",
        "https://",
        "https:///",
        "edge.example.net",
        "x.ees1.edge.example.net",
        "xees1.edge.example.net",
        "ees1.edge.example.netx",
        "ees1.edge.example.net.evil.org",
        "ees1.edge.example.net..",
        "ees1.edge.example.net/",
        "https://ees1.edge.example.net//",
        "https://ees1.edge.example.net/.",
        "https://ees1.edge.example.net/path",
        "https://ees1.edge.example.net?",
        "https://ees1.edge.example.net#",
        "https://ees1.edge.example.net:443",
        "https://ees1.edge.example.net:443/",
        "ees1.edge.example.net:443",
        "https://user@ees1.edge.example.net",
        "https://ees1.edge.example.net@evil.org",
        "http://ees1.edge.example.net",
        "https:ees1.edge.example.net",
        "https:/ees1.edge.example.net",
        "https:\\\\ees1.edge.example.net",
        "//ees1.edge.example.net",
        "https://https://ees1.edge.example.net",
        " ees1.edge.example.net",
        "ees1.edge.example.net ",
        "ees1.edge.example.net\0",
        "*.edge.example.net",
        "ees1%2eedge.example.net",
        "ees1\u{3002}edge.example.net",
        "ſees1.edge.example.net",
        "éééé",
    ] {
        assert!(!host().is_named_by(claim), "{claim:?}");
    }
    let kelvin = Fqdn::parse("k.example").unwrap();
    assert!(!kelvin.is_named_by("\u{212a}.example"), "only ASCII case is ignored");
}

#[test]
fn an_authority_may_have_a_port() {
    for authority in [
        "ees1.edge.example.net",
        "ees1.edge.example.net:443",
        "EES1.edge.example.net:8443",
        "ees1.edge.example.net.:8443",
        "ees1.edge.example.net.",
        "ees1.edge.example.net:",
        "ees1.edge.example.net:99999",
    ] {
        assert!(host().is_authority(authority.as_bytes()), "{authority}");
    }
    for authority in [
        "",
        ":",
        ":443",
        "ees1.edge.example.net:http",
        "ees1.edge.example.net:44a",
        "ees1.edge.example.net:-1",
        "ees1.edge.example.net:+1",
        "ees1.edge.example.net: 1",
        "ees1.edge.example.net:1:2",
        "ees1.edge.example.net::443",
        "edge.example.net",
        "user@ees1.edge.example.net",
        "ees1.edge.example.net/",
        "https://ees1.edge.example.net",
        "[ees1.edge.example.net]",
        "ees1.edge.example.net, ees1.edge.example.net",
    ] {
        assert!(!host().is_authority(authority.as_bytes()), "{authority}");
    }
    assert!(!host().is_authority(b"ees1.edge.example.net\xff"));
    assert!(!host().is_authority(b"\xff\xfe"));
}

#[test]
fn names_are_one_value_however_they_were_written() {
    assert_eq!(Fqdn::parse("A.Example."), Fqdn::parse("a.example"));
    assert_ne!(Fqdn::parse("a.example"), Fqdn::parse("b.example"));
}
