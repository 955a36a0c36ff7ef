//! What the page says to look at fits what is wrong.

use page_tests::{Page, with_page};
use serde_json::{Value, json};

/// The claims of the good example, as its fields have them, with a change.
async fn with_claims(page: &Page, change: impl FnOnce(&mut Value)) {
    page.choose("a-good-registration").await;
    let claims = page.script("return document.getElementById('token-claims').value").await;
    let mut claims: Value = serde_json::from_str(claims.as_str().expect("text")).expect("JSON");
    change(&mut claims);
    page.put("#token-claims", &claims.to_string()).await;
}

#[test]
fn of_an_algorithm_that_is_never_taken_the_algorithm_is_what_to_look_at() {
    with_page(async |page| {
        let header = page.script("return document.getElementById('token-header').value").await;
        let good: Value = serde_json::from_str(header.as_str().expect("text")).expect("JSON");
        for alg in ["none", "HS256"] {
            let mut header = good.clone();
            header["alg"] = json!(alg);
            page.put("#token-header", &header.to_string()).await;
            assert_eq!(page.verdict().await, "Denied: algorithm_not_allowed");
            let look_at = page.text("#look-at").await;
            assert!(look_at.contains(alg) && !look_at.contains("rotation"), "{look_at}");
        }
    });
}

#[test]
fn a_signature_that_is_padded_or_mangled_is_said_to_be_that() {
    with_page(async |page| {
        let token = page.seen().await["token"]["text"].as_str().expect("a token").to_owned();
        page.click("input[name=token-mode][value=paste] + span").await;
        for mangled in [format!("{token}=="), format!("{token}AAA"), format!("{token}+/")] {
            page.put("#token-text", &mangled).await;
            assert_eq!(page.verdict().await, "Denied: token_malformed", "{mangled}");
            assert_eq!(page.text("#verdict-why").await, "The signature is not strict base64url.");
            let decoded = page.text("#token-decoded").await;
            assert!(decoded.contains("the signature is not base64url without padding"), "{decoded}");
        }
    });
}

#[test]
fn the_claim_that_is_wrong_is_what_was_found() {
    with_page(async |page| {
        let found =
            "return eecAuthnPage.seen.explanation.checks.find((check) => check.state === 'failed').found";
        with_claims(page, |claims| drop(claims.as_object_mut().expect("claims").remove("exp"))).await;
        assert_eq!(page.verdict().await, "Denied: claim_missing");
        let shown = page.script(found).await;
        assert!(shown.as_str().is_some_and(|found| found.ends_with(", exp absent")), "{shown}");
        with_claims(page, |claims| claims["aud"] = json!(17)).await;
        assert_eq!(page.verdict().await, "Denied: claim_malformed");
        let shown = page.script(found).await;
        assert!(shown.as_str().is_some_and(|found| found.ends_with(", aud 17")), "{shown}");
        assert!(page.text("#walk li.failed").await.contains("aud 17"));
    });
}
