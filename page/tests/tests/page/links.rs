//! Links carry configuration and request, and never a token or a secret.

use page_tests::{Page, with_page};
use serde_json::{Value, json};

/// The link that the page offers, and what is in it.
async fn link(page: &Page) -> (String, String) {
    page.script(
        "document.getElementById('link-menu').open = false; document.getElementById('link').value = ''",
    )
    .await;
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
        page.put("#headers", "content-type: application/merge-patch+json\naccept: text/html;q=0.5").await;
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
            &format!("{{\"eecId\": \"eec-1\", \"note\": \"{token}\", \"s\": \"hush-hush-hush-hush\", \"jwk\": \"{{\\\"d\\\": \\\"{key}\\\"}}\"}}"),
        )
        .await;
        let config = page.script("return eecAuthnPage.asked.config").await.as_str().expect("text").to_owned();
        let private = config.replacen("\"kty\"", &format!("\"d\": \"{key}\", \"kty\""), 1);
        let pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----\\nMC4CAQAw\\n-----END PGP PRIVATE KEY BLOCK-----";
        page.put("#config", &private.replacen('{', &format!("{{\"note\": \"{pgp}\", "), 1)).await;
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
        for kept in
            ["x-note", "a=left-out", "ees1.edge.example.net", "entitlement_servers", "\\\"kty\\\"", "eec-1"]
        {
            assert!(carried.contains(kept), "{kept} is not in {carried}");
        }
        assert!(page.text("#link-note").await.contains("no token"), "{}", page.text("#link-note").await);
        let left_out = page.text("#link-state").await;
        assert!(left_out.ends_with(" values are left out."), "{left_out}");
    });
}

/// A token that says nothing itself looks like anything; the field knows it, whatever is chosen beside it.
#[test]
fn a_pasted_token_is_left_out_wherever_it_stands() {
    with_page(async |page| {
        page.choose("opaque-tokens-that-are-introspected-rfc-7662").await;
        page.put("#token-text", "plain-words").await;
        for mode in ["paste", "none", "make"] {
            page.click(&format!("input[name=token-mode][value={mode}] + span")).await;
            page.put("#path", "/x/plain-words").await;
            let carried: Value = serde_json::from_str(&link(page).await.1).expect("JSON");
            assert_eq!(carried["path"], "/x/left-out", "{mode}");
            assert_eq!(carried.as_object().expect("members").len(), 7, "{carried}");
        }
    });
}

/// Wherever the page has a secret, and however it is written elsewhere.
#[test]
fn what_fields_say_is_secret_is_left_out_in_every_spelling() {
    with_page(async |page| {
        let claims = page.script("return document.getElementById('token-claims').value").await;
        let mut claims: Value = serde_json::from_str(claims.as_str().expect("text")).expect("JSON");
        claims["password"] = json!("words-of-claims");
        page.put("#token-claims", &claims.to_string()).await;
        page.put(
            "#answer",
            &json!({"active": true, "sub": "eec-1", "client_secret": "words-of-answer"}).to_string(),
        )
        .await;
        let key = "TUM0Q0FRQXdCUVlESzJWd0JDSUVJ";
        page.put("#certificate", &format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----"))
            .await;
        page.put(
            "#path",
            &format!("/x/Words-Of-Claims/words%2Dof%2Danswer/d29yZHMtb2YtY2xhaW1z/{key}/eec-1"),
        )
        .await;
        let carried: Value = serde_json::from_str(&link(page).await.1).expect("JSON");
        assert_eq!(carried["path"], "/x/left-out/left-out/left-out/left-out/eec-1");
        assert_eq!(carried["host"], "ees1.edge.example.net");
    });
}

#[test]
fn a_link_is_judged_without_anybodys_token() {
    with_page(async |page| {
        page.choose("proof_replayed").await;
        let fragment = link(page).await.0.split_once('#').expect("a fragment").1.to_owned();
        page.open(&format!("#{fragment}")).await;
        let empty = async || {
            assert_eq!(page.verdict().await, "Denied: token_missing");
            let seen = page.seen().await;
            assert_eq!((&seen["token"], &seen["proof"]), (&Value::Null, &Value::Null));
            assert_eq!(page.text("#token-decoded").await, "");
        };
        empty().await;
        // The same where another token was there before.
        page.choose("proof_nonce").await;
        page.script_with("location.hash = arguments[0]", vec![json!(fragment)]).await;
        page.until("return document.getElementById('about').textContent.startsWith('From a link')").await;
        empty().await;
        // Whoever makes one begins with what the link has brought.
        page.click("input[name=token-mode][value=make] + span").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Denied: key_unknown'")
            .await;
    });
}

#[test]
fn the_link_follows_what_is_typed() {
    with_page(async |page| {
        let value = "return document.getElementById('link').value";
        let before = link(page).await.0;
        page.put("#host", "ees9.edge.example.net").await;
        let after = page.script(value).await;
        assert!(
            after.as_str().is_some_and(|after| after.contains("#request=") && after != before),
            "{after}"
        );
        assert_eq!(after, json!(link(page).await.0));
        // None while nothing has been looked at.
        let typed = "const host = document.getElementById('host'); host.value = 'a'; host.dispatchEvent(new Event('input')); return document.getElementById('link').value";
        assert_eq!(page.script(typed).await, "");
        page.until(&format!("{value} !== ''")).await;
        page.put("#host", "\u{e000}").await;
        assert!(page.script(value).await.as_str().is_some_and(|link| link.contains('#')));
        page.script("const host = document.getElementById('host'); host.value = '\\ud800'; host.dispatchEvent(new Event('input'))").await;
        page.until("return document.getElementById('link-state').textContent === 'No link can carry this.'")
            .await;
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
        // One that there is not.
        page.script("location.hash = '#example=no_such_code'").await;
        page.until("return !document.getElementById('notice').hidden").await;
        let said = "There is no example called \"no_such_code\"; the list has all there are.";
        assert_eq!(page.text("#notice").await, said);
        page.open("#example=no_such_code").await;
        assert_eq!(
            (page.text("#notice").await, page.verdict().await),
            (said.to_owned(), "Allowed".to_owned())
        );
        page.choose("token_expired").await;
        assert_eq!(page.script("return document.getElementById('notice').hidden").await, true);
    });
}
