//! What only the entitlement server can tell, and what it says: here, whoever asks says it.

use page_tests::{CommandLine, with_page};
use serde_json::{Value, json};

#[test]
fn what_depends_on_an_answer_is_not_shown_as_going_on() {
    with_page(async |page| {
        page.choose("opaque-tokens-that-are-introspected-rfc-7662").await;
        assert_eq!(page.verdict().await, "Allowed");
        let answer = page.script("return document.getElementById('answer').value").await;
        page.click("input[name=answer-mode][value=good] + span").await;
        let words = "Cannot be decided without the entitlement server's answer";
        page.until(&format!("return document.getElementById('verdict-word').textContent === \"{words}\""))
            .await;
        assert_eq!(page.script("return document.getElementById('reply').hidden").await, true);
        assert_eq!(page.seen().await["explanation"]["undecided"], "answer");
        let shown = page.text("main").await;
        assert!(!shown.contains("--answer") && !shown.contains("What the upstream gets"), "{shown}");
        // The field is here.
        page.script("document.getElementById('asked').open = false").await;
        page.click("#give-answer").await;
        assert_eq!(page.script("return document.activeElement.id").await, "answer");
        page.put("#answer", answer.as_str().expect("an answer")).await;
        assert_eq!(page.verdict().await, "Allowed");
        assert_eq!(page.script("return document.getElementById('give-answer').hidden").await, true);
        assert_eq!(page.seen().await["explanation"]["undecided"], Value::Null);
    });
}

#[test]
fn a_key_set_belongs_to_the_server_that_it_is_labelled_with() {
    with_page(async |page| {
        let server = |fqdn: &str| json!({"fqdn": fqdn, "keys": [{"jwks_remote": {"cluster": "c"}}]});
        let config = |servers: &[&str]| {
            json!({
                "protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"]},
                "entitlement_servers": servers.iter().map(|fqdn| server(fqdn)).collect::<Vec<_>>(),
            })
            .to_string()
        };
        let sets = "return [...document.querySelectorAll('#sets label')].map((l) => [l.textContent, l.querySelector('textarea').value])";
        let label = |fqdn: &str| format!("Key set that {fqdn} serves, JSON or a JWS");
        page.put("#config", &config(&["one.example.org", "two.example.org"])).await;
        page.script("const field = document.querySelectorAll('#sets textarea')[1]; field.value = 'mine'; field.dispatchEvent(new Event('input'))").await;
        page.until("return document.getElementById('verdict-why').textContent.startsWith('Key set 2: ')")
            .await;
        page.put("#config", &config(&["one.example.org", "three.example.org"])).await;
        assert_eq!(
            page.script(sets).await,
            json!([[label("one.example.org"), ""], [label("three.example.org"), "mine"]])
        );
        page.put("#config", &config(&["three.example.org"])).await;
        assert_eq!(page.script(sets).await, json!([[label("three.example.org"), "mine"]]));
    });
}

/// Headers that can be none are refused as the command line refuses them.
#[test]
fn headers_are_refused_in_the_words_of_the_command_line() {
    with_page(async |page| {
        for header in ["connection", "a b: c", ": c"] {
            page.put("#headers", header).await;
            let output = CommandLine::command(&["explain", "--config", "x", "--header", header]).output();
            let said = String::from_utf8(output.expect("the command runs").stderr).expect("text");
            let why = page.text("#verdict-why").await;
            let because = why.rsplit_once("\": ").expect("a reason").1.trim_end_matches('.');
            assert!(said.replace('`', "").contains(because), "{header}: {why}: {said}");
            assert_eq!(page.verdict().await, "No decision");
        }
        page.put("#headers", "content-type: application/json\nx-a: b").await;
        assert_eq!(page.verdict().await, "Allowed");
    });
}

#[test]
fn what_a_secret_is_for_is_said_beside_its_field() {
    with_page(async |page| {
        let config = page.script("return eecAuthnPage.asked.config").await;
        let mut config: Value = serde_json::from_str(config.as_str().expect("text")).expect("JSON");
        config["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "c", "client_id": "a", "client_secret_env": "CLIENT"});
        page.put("#config", &config.to_string()).await;
        page.script("document.getElementById('secrets').open = true").await;
        let note = page.text("#secrets-note").await;
        assert!(note.starts_with("CLIENT is for what the filter shows to the entitlement server"), "{note}");
        assert!(!note.contains("nonce") && !note.contains("seal"), "{note}");
    });
}
