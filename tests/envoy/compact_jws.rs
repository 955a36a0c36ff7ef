//! The compact form, strict base64url and strict JSON of a token, in a real Envoy.

use crate::support::cases::token_case;
use crate::support::fixture::{Fixture, config};
use crate::support::problems::Problems;
use crate::support::token::{Key, base64url, claims, claims_text_with, claims_with};
use serde_json::json;

#[test]
fn compact_serialization_is_strict() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let good = key.token(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (h, c, s) = (parts[0], parts[1], parts[2]);
    token_case(&fixture, &mut p, "good", &good, "");
    // An Ed25519 signature has 64 bytes: the last of 86 characters carries four stray bits.
    let last = s.chars().last().expect("a signature");
    let stray = ["AB", "QR", "gh", "wx"].iter().find(|pair| pair.starts_with(last)).expect("no stray bits");
    let strayed = format!("{}{}", &s[..85], &stray[1..]);
    for (name, token) in [
        ("one dot", format!("{h}.{c}")),
        ("no dot", h.to_owned()),
        ("three dots", format!("{good}.")),
        ("four parts", format!("{good}.{s}")),
        ("a dot before", format!(".{good}")),
        ("no header", format!(".{c}.{s}")),
        ("only dots", "..".to_owned()),
        ("padded header", key.sign(&format!("{h}=.{c}"))),
        ("padded payload", key.sign(&format!("{h}.{c}="))),
        ("padded signature", format!("{good}==")),
        ("stray bits in the signature", format!("{h}.{c}.{strayed}")),
        (
            "stray bits in the header",
            key.sign(&format!("{}.{c}", base64url("{\"alg\":\"EdDSA\"}  ").replace("ICA", "ICB"))),
        ),
        ("plus and slash", format!("{h}.{c}.{}", "+/".repeat(43))),
        ("a tilde", format!("{h}.{c}.~{}", &s[1..])),
        ("a percent sign", format!("{h}.{c}.%{}", &s[1..])),
        ("a quote", format!("\"{good}\"")),
        ("a NUL", key.sign(&format!("{h}.{}", base64url(b"\0")))),
        ("an empty payload", key.sign(&format!("{h}."))),
        ("an empty header", key.sign(&format!(".{c}"))),
        (
            "the JSON serialization",
            base64url(json!({"payload": c, "protected": h, "signature": s}).to_string()),
        ),
    ] {
        token_case(&fixture, &mut p, name, token, "token_malformed");
    }
    for (name, token) in [
        ("63 bytes", format!("{h}.{c}.{}", base64url([1; 63]))),
        ("one character too many", format!("{good}A")),
        ("65 bytes", format!("{h}.{c}.{}", base64url([1; 65]))),
        ("zeros", format!("{h}.{c}.{}", base64url([0; 64]))),
        (
            "another payload's",
            format!("{h}.{}.{s}", base64url(claims_with(json!({"sub": "eec-2"})).to_string())),
        ),
    ] {
        token_case(&fixture, &mut p, name, token, "signature_invalid");
    }
    fixture.finish(p);
}

#[test]
fn json_is_strict_in_header_and_payload() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let header = key.header().to_string();
    let payload = claims().to_string();
    let member = |member: &str| claims_text_with("x", member).into_bytes();
    let arrays = |n: usize| format!("\"x\":{}{}", "[".repeat(n), "]".repeat(n));
    let objects = |n: usize| format!("\"x\":{}1{}", "{\"y\":".repeat(n), "}".repeat(n));
    let bytes = |bytes: &[u8]| [b"{\"x\":\"", bytes, b"\",", &payload.as_bytes()[1..]].concat();
    let mut bad: Vec<(&str, Vec<u8>)> = vec![
        ("BOM", format!("\u{feff}{payload}").into()),
        ("UTF-16", payload.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("data behind", format!("{payload}x").into()),
        ("two texts", format!("{payload}{payload}").into()),
        ("a NUL behind", format!("{payload}\0").into()),
        ("a comma behind", format!("{},}}", payload.trim_end_matches('}')).into()),
        ("a comment", format!("/**/{payload}").into()),
        ("cut off", payload.trim_end_matches('}').into()),
        ("an array", format!("[{payload}]").into()),
        ("a string", "\"x\"".into()),
        ("null", "null".into()),
        ("white space alone", "  ".into()),
        ("a byte 0xff", bytes(b"\xff")),
        ("an overlong slash", bytes(b"\xc0\xaf")),
        ("a surrogate as bytes", bytes(b"\xed\xa0\x80")),
        ("beyond Unicode", bytes(b"\xf4\x90\x80\x80")),
        ("half a character", bytes(b"\xc3")),
        ("a line break in a string", bytes(b"\n")),
        ("a tab in a string", bytes(b"\t")),
        ("65 deep, arrays", member(&arrays(64))),
        ("65 deep, objects", member(&objects(64))),
        ("very deep", member(&arrays(2500))),
        ("the same claim twice", member("\"sub\":\"eec-1\"")),
        ("twice by an escape", member("\"s\\u0075b\":\"eec-2\"")),
        ("twice, nested", member("\"x\":{\"y\":1,\"y\":1}")),
        ("twice, in an array", member("\"x\":[0,{\"y\":{\"z\":1,\"z\":2}}]")),
        ("twice, empty names", member("\"\":1,\"\":2")),
    ];
    for value in [
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_0",
        "True",
        "nul",
        "'x'",
        "x",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u\"",
        "\"",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "[1 2]",
        "",
    ] {
        bad.push((value, member(&format!("\"x\":{value}"))));
    }
    bad.push(("a lone surrogate as a name", member("\"\\ud800\":1")));
    for (name, payload) in &bad {
        token_case(
            &fixture,
            &mut p,
            &format!("payload: {name}"),
            key.token_of(&header, payload),
            "token_malformed",
        );
    }
    let in_header = |text: &str| header.replacen('{', &format!("{{{text},"), 1);
    for (name, header) in [
        ("alg twice", in_header("\"alg\":\"EdDSA\"")),
        ("kid twice", in_header("\"kid\":\"k1\"")),
        ("alg twice by an escape", in_header("\"\\u0061lg\":\"none\"")),
        ("twice, nested", in_header("\"x\":{\"y\":1,\"y\":2}")),
        ("65 deep", in_header(&arrays(64))),
        ("BOM", format!("\u{feff}{header}")),
        ("data behind", format!("{header}{{}}")),
        ("a lone surrogate", in_header("\"x\":\"\\udfff\"")),
        ("an array", "[]".to_owned()),
        ("a number", "1".to_owned()),
        ("no member", "{}".to_owned()),
    ] {
        token_case(
            &fixture,
            &mut p,
            &format!("header: {name}"),
            key.token_of(header, &payload),
            "token_malformed",
        );
    }
    for (name, header, payload) in [
        ("64 deep, arrays", in_header(&arrays(63)), member(&arrays(63))),
        ("64 deep, objects", in_header(&objects(63)), member(&objects(63))),
        ("white space", format!("\t\r\n {header} "), format!(" \r\n\t{payload}\n").into()),
        (
            "escapes",
            in_header("\"x\":\"\\u00e9\\ud83d\\ude00\""),
            member("\"x\":\"\\u0000\\/\\b\\ud83d\\ude00\""),
        ),
        ("an escaped name", header.replace("alg", "\\u0061lg"), payload.replace("sub", "\\u0073ub").into()),
        (
            "large and small numbers",
            header.clone(),
            member("\"x\":[123456789012345678901234567890,1e-999,-0.0E+1]"),
        ),
        ("the same name at two levels", header.clone(), member("\"x\":{\"sub\":1,\"x\":{\"sub\":2}}")),
        ("other case", header.clone(), member("\"SUB\":\"eec-2\"")),
    ] {
        token_case(&fixture, &mut p, name, key.token_of(header, payload), "");
    }
    fixture.finish(p);
}

#[test]
fn the_size_limit_is_exact() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["token"] = json!({"max_bytes": 1000});
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    // Base64url has no text of 4n + 1 characters: spaces in header and payload together reach every length.
    let all: Vec<String> = (0..600)
        .flat_map(|payload| (0..3).map(move |header| (" ".repeat(header), " ".repeat(payload))))
        .map(|(h, c)| key.token_of(format!("{}{h}", key.header()), format!("{}{c}", claims())))
        .collect();
    for (length, want) in [(999, ""), (1000, ""), (1001, "token_too_large"), (1002, "token_too_large")] {
        let token = all.iter().find(|t| t.len() == length).expect("a token of every length");
        token_case(&fixture, &mut p, &format!("{length} bytes"), token, want);
    }
    fixture.finish(p);
}
