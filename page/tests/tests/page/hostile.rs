//! Who attacks: through every field, through links, through the engine itself.

use page_tests::with_page;
use serde_json::{Value, json};

const MARKUP: &str =
    "\"'><img src=x onerror=attacked()><script>attacked()</script><svg/onload=attacked()>{{1}}${1}";

#[test]
fn markup_is_shown_as_text_wherever_it_comes_from() {
    with_page(async |page| {
        page.script("globalThis.attacked = () => { globalThis.wasAttacked = true }").await;
        page.choose("a-stolen-token-is-worth-nothing").await;
        let config: Value = page.script("return eecAuthnPage.asked.config").await;
        let good: Value = serde_json::from_str(config.as_str().expect("text")).expect("JSON");
        let mut odd = good.clone();
        odd["rules"] = json!([{"name": MARKUP, "match": {"path": "/x"}, "claims": [{"claim": MARKUP, "equals": MARKUP}]}]);
        odd["entitlement_servers"][0]["keys"][0]["jwk"]["kid"] = json!(MARKUP);
        let mut mistaken = good;
        mistaken[MARKUP] = json!(MARKUP);
        mistaken["protects"]["role"] = json!(MARKUP);
        let claims = json!({"iss": MARKUP, "sub": MARKUP, (MARKUP): MARKUP, "exp": MARKUP}).to_string();
        for (field, text) in [
            ("#config", odd.to_string()),
            ("#token-header", json!({"alg": "EdDSA", "kid": MARKUP, (MARKUP): 1}).to_string()),
            ("#token-claims", claims.clone()),
            ("#proof-header", json!({"alg": MARKUP, "jwk": {"kty": MARKUP}}).to_string()),
            ("#proof-claims", claims),
            ("#method", MARKUP.to_owned()),
            ("#path", format!("/{MARKUP}")),
            ("#host", MARKUP.to_owned()),
            ("#headers", format!("{MARKUP}: {MARKUP}\nx-eec-id: {MARKUP}")),
            ("#body", MARKUP.to_owned()),
            ("#certificate", MARKUP.to_owned()),
            ("#certificate", String::new()),
            ("#path", "/x".to_owned()),
            ("#config", mistaken.to_string()),
        ] {
            page.put(field, &text).await;
        }
        assert!(page.text("#problems").await.contains("<img src=x"), "shown as it is");
        for tab in ["#tab-protection", "#tab-request"] {
            page.click(tab).await;
        }
        page.open(&format!("#example={MARKUP}")).await;
        page.open("#request=%3Cimg%20src=x%3E").await;
        assert_eq!(page.script("return [globalThis.wasAttacked ?? false, document.images.length, document.querySelectorAll('svg').length, document.scripts.length]").await, json!([false, 0, 0, 2]));
    });
}

#[test]
fn a_link_that_is_none_is_said_to_be_none() {
    with_page(async |page| {
        let encoded = |text: &[u8]| -> String {
            let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            text.chunks(3)
                .flat_map(|chunk| {
                    let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                        << (8 * (3 - chunk.len()));
                    (0..=chunk.len()).map(move |n| digits[(bits >> (18 - 6 * n) & 63) as usize] as char)
                })
                .collect()
        };
        let good = json!({"config": "{}", "method": "GET", "path": "/", "host": "h", "headers": [], "body": null, "now": null});
        let other = |name: &str, value: Value| {
            let mut other = good.clone();
            other[name] = value;
            other.to_string().into_bytes()
        };
        for hostile in [
            b"".to_vec(),
            b"{".to_vec(),
            b"null".to_vec(),
            b"[]".to_vec(),
            b"\xff\xfe{\"config\": 1}".to_vec(),
            other("config", json!({"toString": 1})),
            other("headers", json!([["a"]])),
            other("headers", json!({"length": 2_000_000_000})),
            other("now", json!("soon")),
            other("body", json!(7)),
            vec![b'x'; 400_000],
        ] {
            page.open(&format!("#request={}", encoded(&hostile))).await;
            let notice = page.text("#notice").await;
            assert!(
                notice.starts_with("The link cannot be read: "),
                "{notice}: {:?}",
                &hostile[..hostile.len().min(40)]
            );
            assert_eq!(page.verdict().await, "Allowed", "the page is there all the same");
        }
        page.open(&format!("#request={}", encoded(good.to_string().as_bytes()))).await;
        assert_eq!(page.script("return document.getElementById('notice').hidden").await, true);
        page.open("#request=***").await;
        assert!(page.text("#notice").await.contains("cannot be read"));
        // Members of every object, taken for examples.
        for name in ["__proto__", "constructor", "toString", "%00"] {
            page.open(&format!("#example={name}")).await;
            assert_eq!(page.verdict().await, "Allowed");
        }
    });
}

#[test]
fn input_of_any_size_gets_an_answer() {
    with_page(async |page| {
        let big = "x".repeat(300_000);
        page.put("#token-claims", &json!({"sub": big}).to_string()).await;
        assert_eq!(page.verdict().await, "Denied: token_too_large");
        page.choose("a-good-registration").await;
        page.put("#body", &format!("{{\"eecId\": \"{big}\"}}")).await;
        assert_eq!(page.verdict().await, "Denied: body_too_large");
        page.choose("a-good-registration").await;
        page.put("#config", &"[".repeat(200_000)).await;
        assert_eq!(page.verdict().await, "No decision");
        page.put("#config", &format!("{{{}\"a\": 1}}", "\n".repeat(50_000))).await;
        assert_eq!(page.text("#config-state").await.split(' ').nth(1), Some("errors"));
        page.put("#config", "\u{0}\u{ffff}\u{202e}").await;
        // Half a character, as JavaScript may have it.
        page.script("document.getElementById('body').value = '\\ud800'").await;
        page.choose("a-good-registration").await;
        assert_eq!(page.verdict().await, "Allowed");
    });
}

#[test]
fn a_fault_of_the_engine_is_told_and_the_page_goes_on() {
    with_page(async |page| {
        page.script(
            "eecAuthnPage.core.functions.look = () => { throw new WebAssembly.RuntimeError('unreachable') }",
        )
        .await;
        let before = page.script("return document.getElementById('config').value").await;
        page.script("document.getElementById('host').dispatchEvent(new Event('input'))").await;
        page.until("return !document.getElementById('notice').hidden").await;
        assert!(
            page.text("#notice").await.contains("fault in the page's engine"),
            "{}",
            page.text("#notice").await
        );
        assert_eq!(page.verdict().await, "No decision");
        page.put("#host", "ees2.edge.example.net").await;
        assert_eq!(page.verdict().await, "Denied: host_mismatch");
        assert_eq!(page.script("return document.getElementById('config').value").await, before);
        // Whatever is thrown.
        assert_eq!(page.script("return eecAuthnPage.ask('no_such_function', '')").await, Value::Null);
        page.choose("token_expired").await;
        assert_eq!(page.verdict().await, "Denied: token_expired");
    });
}
