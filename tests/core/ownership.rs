//! Seals and references by themselves: no two owners or resources share a seal, and a reference leads where browsers and servers say.

use crate::support::seal::{self, EEC_1, SECRET};
use eec_authn::mac_key::MacKey;
use eec_authn::ownership::reference::{Reference, read};
use eec_authn::ownership::{Owner, identifier, without_seal};
use std::collections::HashMap;

fn key(secret: &[u8]) -> MacKey {
    MacKey::new(secret).expect("long enough")
}

fn owner<'a>([fqdn, api_root, api, issuer, eec_id]: [&'a str; 5]) -> Owner<'a> {
    Owner { fqdn, api_root, api, issuer, eec_id }
}

const MINE: Owner<'static> = Owner {
    fqdn: EEC_1.fqdn,
    api_root: EEC_1.api_root,
    api: EEC_1.api,
    issuer: EEC_1.issuer,
    eec_id: EEC_1.eec_id,
};

/// Made with Python's `hmac`, from the words of the contract.
#[test]
fn seals_are_those_of_another_implementation() {
    let key = key(&SECRET);
    assert_eq!(MINE.seal(&key, b"r1"), ".9nu84qtpyK9DPyT8pGJCng");
    assert_eq!(EEC_1.seal(&SECRET, "r1"), ".9nu84qtpyK9DPyT8pGJCng");
    let other = owner([
        "ees1.edge.example.net",
        "/edge",
        "eees-easdiscovery",
        "https://issuer.example.org/x",
        "eec é",
    ]);
    // However it is written: the contract's one spelling is `a%20b@c`.
    for id in ["a%20b@c", "a%20b%40c", "%61%20%62@c"] {
        assert_eq!(other.seal(&key, id.as_bytes()), ".HO9sqo7E6NZvHogTuCS6LA", "{id}");
    }
}

/// Words that run into each other: where one ends is all that tells them apart.
const WORDS: [&str; 6] = ["", "a", "aa", "b", "ab", "a\0\0\0\u{1}"];

#[test]
fn no_two_owners_or_resources_share_a_seal() {
    let key = key(&SECRET);
    let mut seen: HashMap<String, [&str; 6]> = HashMap::new();
    let places = WORDS.len().pow(6);
    for number in 0..places {
        let word = |place: u32| WORDS[number / WORDS.len().pow(place) % WORDS.len()];
        let [fqdn, api_root, api, issuer, eec_id, id] = [0, 1, 2, 3, 4, 5].map(word);
        let seal = owner([fqdn, api_root, api, issuer, eec_id]).seal(&key, id.as_bytes());
        let this = [fqdn, api_root, api, issuer, eec_id, id];
        if let Some(other) = seen.insert(seal, this) {
            panic!("{this:?} and {other:?} have one seal");
        }
    }
    assert_eq!(seen.len(), places);
}

#[test]
fn a_seal_opens_for_its_owner_its_resource_and_a_known_secret_alone() {
    let keys = [key(&SECRET), key(&[1; 32])];
    for (number, key) in keys.iter().enumerate() {
        let text = MINE.seal(key, b"r1");
        let seal = text.strip_prefix('.').expect("a dot").as_bytes();
        assert_eq!(seal.len(), identifier::SEAL_LENGTH);
        assert_eq!(MINE.opens(&keys, b"r1", seal), Some(number));
        assert_eq!(MINE.opens(&keys, b"%72%31", seal), Some(number), "the same, escaped");
        for id in [&b"r2"[..], b"R1", b"r1.", b"r", b"", b"r1%20"] {
            assert_eq!(MINE.opens(&keys, id, seal), None, "{}", String::from_utf8_lossy(id));
        }
        let others = [
            Owner { fqdn: "ees2.edge.example.net", ..MINE },
            Owner { api_root: "/edge", ..MINE },
            Owner { api: "eees-easdiscovery", ..MINE },
            Owner { issuer: "second.example.org", ..MINE },
            Owner { eec_id: "eec-2", ..MINE },
            Owner { eec_id: "EEC-1", ..MINE },
        ];
        for other in others {
            assert_eq!(other.opens(&keys, b"r1", seal), None, "{other:?}");
        }
        for at in 0..seal.len() {
            for byte in (0..=255).filter(|byte| *byte != seal[at]) {
                let mut forged = seal.to_vec();
                forged[at] = byte;
                assert_eq!(MINE.opens(&keys, b"r1", &forged), None, "{at}: {byte}");
            }
        }
        for length in 0..seal.len() {
            assert_eq!(MINE.opens(&keys, b"r1", &seal[..length]), None, "{length}");
        }
        assert_eq!(MINE.opens(&keys, b"r1", &[seal, b"A"].concat()), None);
        assert_eq!(MINE.opens(std::slice::from_ref(key), b"r1", seal), Some(0));
    }
    let strange = seal::EEC_1.seal(&[9; 32], "r1");
    assert_eq!(MINE.opens(&keys, b"r1", &strange.as_bytes()[1..]), None, "a secret that is not known");
}

/// In shadow mode this is all that is asked, of whoever sends it: what is left must not lead elsewhere.
#[test]
fn what_looks_like_a_seal_is_not_taken_off_a_segment_of_dots() {
    let without = |id: &str| {
        let target = format!("{BASE}/{id}.AAAAAAAAAAAAAAAAAAAAAA?x=/y");
        without_seal(target.as_bytes()).map(|target| String::from_utf8_lossy(&target).into_owned())
    };
    assert_eq!(without("r1"), Some(format!("{BASE}/r1?x=/y")));
    assert_eq!(without("..."), Some(format!("{BASE}/...?x=/y")));
    for id in ["", ".", ".."] {
        assert_eq!(without(id), None, "{id}");
    }
}

const BASE: &str = "/eees-eecregistration/v1/registrations";

fn led(text: &str) -> Option<(Option<String>, String, usize)> {
    let Reference { authority, path, path_end } = read(text.as_bytes(), BASE.as_bytes())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((authority.map(text), text(&path), path_end))
}

#[test]
fn references_lead_where_rfc_3986_says() {
    let item = format!("{BASE}/r1");
    for (written, authority, end) in [
        (format!("{BASE}/r1"), None, 41),
        (format!("{BASE}/r1?x=/y"), None, 41),
        (format!("{BASE}/r1#part"), None, 41),
        ("registrations/r1".into(), None, 16),
        ("./registrations/r1?a".into(), None, 18),
        ("../v1/registrations/r1".into(), None, 22),
        ("x/../registrations/r1".into(), None, 21),
        (format!("//ees1.edge.example.net{BASE}/r1"), Some("ees1.edge.example.net"), 64),
        (format!("http://ees1.edge.example.net:8080{BASE}/r1"), Some("ees1.edge.example.net:8080"), 74),
        (format!("HTTPS://EES1.edge.example.net{BASE}/r1"), Some("EES1.edge.example.net"), 70),
        (format!("{BASE}/%72%31"), None, 45),
    ] {
        let expected = Some((authority.map(str::to_owned), item.clone(), end));
        assert_eq!(led(&written), expected, "{written}");
    }
    // Nothing that could be read in two ways, or leads elsewhere than to HTTP.
    for written in [
        "",
        "?x",
        "#x",
        "http:",
        "http://ees1.edge.example.net",
        "http://u@ees1.edge.example.net/eees-eecregistration/v1/registrations/r1",
        "http:/eees-eecregistration/v1/registrations/r1",
        "ftp://ees1.edge.example.net/eees-eecregistration/v1/registrations/r1",
        "urn:x",
        "r:1",
        "registrations\\r1",
        "http://ees1.edge.example.net\\@x/eees-eecregistration/v1/registrations/r1",
        "registrations/r1;v=1",
        "registrations//r1",
        "registrations/%2e%2e",
        "registrations/%2E",
        "%2e/../registrations/r1",
        "registrations/r%2f1",
        "registrations/r%1",
        // Decoded, these would be whole.
        "registrations/r%%33A1",
        "registrations/r%%33%41",
        "regi%73trations/r1",
        "registrations/r1,registrations/r2",
        "registrations/r1, registrations/r2",
        "registrations/r 1",
        "registrations/r\t1",
        "registrations/é",
    ] {
        assert_eq!(led(written), None, "{written}");
    }
}

/// Browsers (and whatever follows the WHATWG's URL standard) must be led to the same place.
#[test]
fn references_lead_where_browsers_go() {
    let base = url::Url::parse(&format!("http://ees1.edge.example.net{BASE}")).expect("a URL");
    let pieces = [
        "",
        "/",
        "//",
        "h",
        "http:",
        "https://",
        "..",
        ".",
        "r1",
        "registrations",
        "?q",
        "#f",
        ":",
        "%41",
        "%2e",
        "~",
        "@",
    ];
    let h = eec_authn::fqdn::Fqdn::parse("h");
    let mut read_ones = 0;
    for number in 0..pieces.len().pow(4) {
        let piece = |place: u32| pieces[number / pieces.len().pow(place) % pieces.len()];
        let text = [0, 1, 2, 3].map(piece).concat();
        let Some((authority, path, end)) = led(&text) else { continue };
        read_ones += 1;
        let Ok(there) = base.join(&text) else {
            let authority = authority.unwrap_or_else(|| panic!("{text} is none to a browser"));
            assert!(h.as_ref().is_some_and(|h| !h.is_authority(authority.as_bytes())), "{text}");
            continue;
        };
        let decoded =
            |path: &str| String::from_utf8_lossy(&eec_authn::percent::decoded(path.as_bytes())).into_owned();
        assert_eq!(decoded(&path), decoded(there.path()), "{text}");
        if authority.is_none() {
            assert_eq!(there.authority(), base.authority(), "{text}");
        }
        if path.ends_with('/') {
            continue;
        }
        // Where there is an identifier, its end is where a seal is put.
        let (start, rest) = text.split_at(end);
        let sealed = base.join(&format!("{start}.SEAL{rest}")).expect("still a URL");
        assert_eq!(sealed.path(), format!("{}.SEAL", there.path()), "{text}");
        assert_eq!((sealed.query(), sealed.fragment()), (there.query(), there.fragment()), "{text}");
    }
    assert!(read_ones > 1_000, "{read_ones}");
}
