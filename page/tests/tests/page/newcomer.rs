//! Somebody new: with a token that is refused, or with none yet.

use page_tests::with_page;
use serde_json::json;

#[test]
fn a_key_is_made_pinned_and_the_walk_turns_green_without_a_terminal() {
    with_page(async |page| {
        page.choose("a-good-registration").await;
        page.click("#token-new-key").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Denied: key_unknown'")
            .await;
        page.click("#token-pin").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Allowed'").await;
        assert!(page.text("#facts").await.contains("page-test"), "{}", page.text("#facts").await);
        // Now, which is not the day of the examples.
        page.click("input[name=clock-mode][value=now] + span").await;
        page.until("return document.getElementById('verdict-word').textContent !== 'Allowed'").await;
        page.click("#token-renew").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Allowed'").await;
        // Another algorithm is another key.
        page.find("#token-alg").await.select_by_value("ES256").await.expect("an algorithm");
        page.until("return document.getElementById('verdict-word').textContent.startsWith('Denied')").await;
        page.click("#token-pin").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Allowed'").await;
    });
}

#[test]
fn a_pasted_token_is_decoded_in_the_words_of_the_study_and_the_clock_turns_to_its_times() {
    with_page(async |page| {
        page.choose("token_expired").await;
        let token = page.seen().await["token"]["text"].as_str().expect("a token").to_owned();
        page.click("input[name=token-mode][value=paste] + span").await;
        page.put("#token-text", &format!("  {token}\n")).await;
        assert_eq!(page.verdict().await, "Denied: token_expired");
        let said = page.text("#token-decoded").await;
        for wanted in [
            "EEC ID",
            "GPSI",
            "FQDN of the entitlement server",
            "expire time",
            "2026-11-30T11:00:00Z, over for 60 minutes",
        ] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        page.click("#token-decoded [data-turn-to=exp]").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Allowed'").await;
        assert_eq!(
            page.script("return document.getElementById('clock').value").await,
            "2026-11-30T10:59:59Z"
        );
        page.click("[data-turn='3600']").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Denied: token_expired'")
            .await;
        page.script("const c = document.getElementById('clock'); c.value = 'yesterday'; c.dispatchEvent(new Event('change'))").await;
        assert!(
            page.text("#clock-note").await.starts_with("A time such as "),
            "{}",
            page.text("#clock-note").await
        );
    });
}

#[test]
fn a_proof_is_made_and_the_token_bound_to_it() {
    with_page(async |page| {
        page.choose("confirmation_missing").await;
        page.click("input[name=proof-mode][value=make] + span").await;
        page.until(
            "return document.getElementById('verdict-word').textContent.startsWith('Denied: confirmation')",
        )
        .await;
        page.click("#proof-bind").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Allowed'").await;
        page.click("#used-proof").await;
        page.until("return document.getElementById('verdict-word').textContent === 'Denied: proof_replayed'")
            .await;
    });
}

/// Whoever is quicker than the look that follows a change binds the token all the same.
#[test]
fn a_token_is_bound_to_a_key_that_was_made_a_moment_ago() {
    with_page(async |page| {
        page.choose("confirmation_missing").await;
        let at_once = "document.querySelector('input[name=proof-mode][value=make]').click(); \
                       document.getElementById('proof-bind').click()";
        page.script(at_once).await;
        page.until("return document.getElementById('verdict-word').textContent === 'Allowed'").await;
    });
}

#[test]
fn a_filter_json_is_opened_from_a_file() {
    with_page(async |page| {
        let path =
            page_tests::root().join("examples/ownership/filter.json").canonicalize().expect("an example");
        page.find("#config-file").await.send_keys(&path.display().to_string()).await.expect("a file");
        page.until("return document.getElementById('config').value.includes('ownership')").await;
        page.until("return eecAuthnPage.seen.environment.length > 0").await;
        assert_eq!(page.script("return [...document.querySelectorAll('#secret-fields input')].map((f) => [f.type, f.dataset.name])").await.as_array().map(Vec::len), Some(1));
        assert!(page.text("#needs").await.starts_with("Needs the environment variable "));
        let names = page.script("return eecAuthnPage.seen.environment").await;
        assert_eq!(
            page.script("return document.querySelector('#secret-fields input').dataset.name").await,
            names[0]
        );
        assert_eq!(
            json!(page.script("return document.querySelector('#secret-fields input').type").await),
            "password"
        );
    });
}
