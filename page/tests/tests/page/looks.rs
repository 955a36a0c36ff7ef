//! How it looks: no faults that axe finds, no sideways scrolling, in light and dark, on a screen and on a phone. With
//! EEC_AUTHN_SCREENSHOTS, a folder, the pictures of the documents are taken anew: look at them before they are committed.

use page_tests::{Page, Scheme, with_page};
use serde_json::{Value, json};

const WIDTHS: [u32; 3] = [1440, 820, 390];

/// The states that are looked at: a name, an example, and whether it is the second tab.
const STATES: [(&str, &str, bool); 6] = [
    ("allowed", "a-good-registration", false),
    ("denied", "token_expired", false),
    ("shadow", "only-watching", false),
    ("proof", "proof_nonce", false),
    ("mistakes", "a-good-registration", false),
    ("protection", "rules-in-their-order", true),
];

async fn put_into(page: &Page, (name, example, is_second): (&str, &str, bool)) {
    page.click("#tab-request").await;
    page.choose(example).await;
    if name == "mistakes" {
        let config = page.script("return eecAuthnPage.asked.config").await.as_str().expect("text").to_owned();
        let mistaken = config
            .replace("\"ees\"", "\"eas\"")
            .replace("Ed25519", "Ed448")
            .replacen("\"fqdn\"", "\"fqnd\"", 1);
        page.put("#config", &mistaken).await;
    }
    if is_second {
        page.click("#tab-protection").await;
    }
    page.script("document.activeElement.blur(); scrollTo(0, 0)").await;
}

/// What axe finds.
async fn faults(page: &Page) -> Vec<String> {
    let found = page.script("return axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary).join(' | ')))").await;
    found
        .as_array()
        .expect("a list")
        .iter()
        .map(|fault| fault.as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn axe_finds_nothing_and_nothing_sticks_out() {
    let axe = std::fs::read_to_string(page_tests::variable("EEC_AUTHN_AXE")).expect("axe-core");
    with_page(async |page| {
        page.script(&format!("{axe}; globalThis.axe = axe")).await;
        let mut wrong = Vec::new();
        for scheme in [Scheme::Light, Scheme::Dark] {
            for width in WIDTHS {
                page.dress(width, 900, scheme).await;
                for state in STATES {
                    put_into(page, state).await;
                    let at = format!("{} at {width}, {scheme:?}", state.0);
                    wrong.extend(faults(page).await.into_iter().map(|fault| format!("{at}: {fault}")));
                    let wide = "const e = document.documentElement; return e.scrollWidth - e.clientWidth";
                    let wide = page.script(wide).await;
                    if wide != 0 {
                        wrong.push(format!("{at}: {wide} pixels stick out"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // It would find something.
        page.script("document.getElementById('theme').textContent = ''").await;
        assert_ne!(faults(page).await, Vec::<String>::new());
    });
}

#[test]
fn the_scheme_is_the_systems_until_somebody_chooses() {
    with_page(async |page| {
        let ground = "return getComputedStyle(document.documentElement).backgroundColor";
        page.dress(1200, 800, Scheme::Light).await;
        let light = page.script(ground).await;
        page.dress(1200, 800, Scheme::Dark).await;
        let dark = page.script(ground).await;
        assert_ne!(light, dark);
        page.click("#theme").await;
        assert_eq!(page.script(ground).await, light);
        assert_eq!(
            page.script("return document.getElementById('theme').getAttribute('aria-pressed')").await,
            "false"
        );
    });
}

/// A picture: its name, what it shows, how wide, in which scheme, and the elements at whose ends it ends; none: the screen of a phone.
type Picture = (&'static str, (&'static str, &'static str, bool), u32, Scheme, &'static str);

const PICTURES: [Picture; 7] = [
    ("denied", STATES[1], 1440, Scheme::Light, "#reply, .card:has(#token-decoded)"),
    ("denied-dark", STATES[1], 1440, Scheme::Dark, "#reply, .card:has(#token-decoded)"),
    ("allowed", STATES[0], 1440, Scheme::Light, "#reply, .card:has(#token-decoded)"),
    ("mistakes", STATES[4], 1440, Scheme::Light, ".card:has(#problems)"),
    ("proof", STATES[3], 1440, Scheme::Dark, "#walk"),
    ("protection", STATES[5], 1440, Scheme::Light, "#operations tbody tr:nth-child(10)"),
    ("phone", STATES[1], 390, Scheme::Light, ""),
];

#[test]
fn pictures_for_the_documents() {
    with_page(async |page| {
        for (name, state, width, scheme, ends) in PICTURES {
            // High enough that nothing scrolls.
            let screen = if ends.is_empty() { 844 } else { 2400 };
            page.dress(width, screen, scheme).await;
            put_into(page, state).await;
            let end = "const ends = [...document.querySelectorAll(arguments[0] || 'html')].map((e) => e.getBoundingClientRect().bottom);
                return Math.ceil(Math.max(...ends))";
            let end = page.script_with(end, vec![json!(ends)]).await.as_u64().expect("a place");
            let height = if ends.is_empty() { u64::from(screen) } else { end + 2 };
            assert!((400..1600).contains(&height), "{name}: {height} pixels high");
            let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
            let asked = json!({"format": "png", "clip": clip});
            let picture = page.driver.devtools("Page.captureScreenshot", asked).await;
            let data = picture["data"].as_str().expect("a picture");
            assert!(data.len() > 20_000, "{name}: an empty picture");
            if let Ok(folder) = std::env::var("EEC_AUTHN_SCREENSHOTS") {
                std::fs::write(format!("{folder}/{name}.png"), decoded(data)).expect("a file");
            }
        }
    });
}

/// Base64 as bytes.
fn decoded(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.bytes().filter(|c| *c != b'=').map(|c| u32::from(value(c))).collect();
    digits
        .chunks(4)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - chunk.len()));
            (0..chunk.len() - 1).map(move |n| (bits >> (16 - 8 * n) & 255) as u8)
        })
        .collect()
}

#[test]
fn what_the_pictures_show_is_what_the_page_says() {
    with_page(async |page| {
        let seen: Value = page.seen().await;
        assert_eq!(seen["explanation"]["decision"], "allowed");
        assert_eq!(
            page.script("return document.querySelectorAll('#walk li').length").await,
            seen["explanation"]["checks"].as_array().map(Vec::len).unwrap_or_default()
        );
        assert!(page.text("#reply-text").await.contains("x-eec-id: eec-1"));
    });
}
