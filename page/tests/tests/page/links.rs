//! Links carry configuration and request, and never a token or a secret.

use page_tests::{Page, with_page};
use serde_json::{Value, json};

/// The link that the page offers, and what is in it.
async fn link(page: &Page) -> (String, String) {
    page.script("document.getElementById('link-menu').open = false").await;
    page.click("#link-menu summary").await;
    page.until("return document.getElementById('link').value !== ''").await;
    let link = page
        .script("return document.getElementById('link').value")
        .await
        .as_str()
        .expect("a link")
        .to_owned();
    let encoded = link.split("#request=").nth(1).expect("what it carries").to_owned();
    let decode = "return new TextDecoder().decode(Uint8Array.from(atob(arguments[0].replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)))";
    let carried = page.script_with(decode, vec![json!(encoded)]).await;
    (link, carried.as_str().expect("text").to_owned())
}

#[test]
fn a_link_brings_configuration_and_request_to_somebody_else() {
    with_page(async |page| {
        page.choose("route_denied").await;
        page.put("#headers", "x-trace: é𝄞").await;
        let before = page.script("return eecAuthnPage.asked").await;
        let (link, _) = link(page).await;
        let fragment = link.split('#').nth(1).expect("a fragment");
        page.open(&format!("#{fragment}")).await;
        let after = page.script("return eecAuthnPage.asked").await;
        for name in ["config", "method", "path", "host", "headers", "body", "now"] {
            assert_eq!(before[name], after[name], "{name}");
        }
        assert_eq!(page.verdict().await, "Denied: route_denied");
        assert!(page.text("#about").await.starts_with("From a link"));
    });
}

#[test]
fn a_link_never_carries_a_token_or_a_secret() {
    with_page(async |page| {
        page.choose("proof_nonce").await;
        let seen = page.seen().await;
        let text = |name: &str| seen[name]["text"].as_str().expect("text").to_owned();
        let (token, proof) = (text("token"), text("proof"));
        let key =
            page.script("return eecAuthnPage.asked.token.key.d").await.as_str().expect("a key").to_owned();
        // Wherever somebody has put them.
        page.put("#secret-fields input", "hush-hush-hush-hush").await;
        page.put("#headers", &format!("authorization: Bearer {token}\ndpop: {proof}\ncookie: a=c00kie-value\nx-note: {token}\nx-api-key: k3y-value")).await;
        page.put("#path", "/eees-eecregistration/v1/registrations?access_token=op4que-value&a=1").await;
        page.put(
            "#body",
            &format!("{{\"eecId\": \"eec-1\", \"note\": \"{token}\", \"s\": \"hush-hush-hush-hush\"}}"),
        )
        .await;
        let config = page.script("return eecAuthnPage.asked.config").await.as_str().expect("text").to_owned();
        let private = config.replacen("\"kty\"", &format!("\"d\": \"{key}\", \"kty\""), 1);
        page.put(
            "#config",
            &format!("{private}\n-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----"),
        )
        .await;
        let carried = link(page).await.1;
        for secret in [
            &*token,
            &*proof,
            &*key,
            "hush-hush",
            "c00kie",
            "op4que",
            "k3y-value",
            "MC4CAQAw",
            token.rsplit('.').next().expect("a signature"),
        ] {
            assert!(!carried.contains(secret), "{secret} in {carried}");
        }
        assert!(
            carried.contains("x-note")
                && carried.contains("a=1")
                && carried.contains("ees1.edge.example.net"),
            "{carried}"
        );
        assert!(page.text("#link-note").await.contains("never carries the token"));

        // A token that says nothing itself, pasted, and again in the path.
        page.choose("opaque-tokens-that-are-introspected-rfc-7662").await;
        page.put("#path", "/x/mF_9.B5f-4.1JqM").await;
        let carried: Value = serde_json::from_str(&link(page).await.1).expect("JSON");
        assert_eq!(carried["path"], "/x/(left out)");
        assert_eq!(carried.as_object().expect("members").len(), 7, "{carried}");
    });
}

#[test]
fn a_link_to_an_example_names_it_and_no_more() {
    with_page(async |page| {
        page.choose("token_expired").await;
        assert_eq!(page.script("return location.hash").await, "#example=token_expired");
        page.open("#example=binding_mismatch").await;
        assert_eq!(page.verdict().await, "Denied: binding_mismatch");
        // The address of a page that is open already.
        page.script("location.hash = '#example=key_unknown'").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Denied: key_unknown'")
            .await;
    });
}
