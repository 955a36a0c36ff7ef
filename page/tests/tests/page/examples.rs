//! Every example of the list, as it is shown, against what the command line says of the same.

use page_tests::{CommandLine, with_page};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The codes in the list, of which a native test holds that no code is missing (`tests/core/page_examples.rs`).
fn codes() -> BTreeSet<String> {
    let list: Value = serde_json::from_str(include_str!("../../../examples.json")).expect("JSON");
    let expected = list["cases"].as_array().expect("cases").iter().filter_map(|case| case["expect"].as_str());
    expected.filter(|word| *word != "pass" && !word.starts_with("shadow:")).map(str::to_owned).collect()
}

/// What differs between two calls: the nonce that is handed out.
fn without_nonce(mut explanation: Value) -> Value {
    if let Some(nonce) = explanation.pointer_mut("/reply/headers/dpop-nonce") {
        *nonce = json!("a nonce");
    }
    explanation
}

#[test]
fn every_example_is_decided_as_on_the_command_line_and_every_code_is_shown() {
    with_page(async |page| {
        let listed = page.script("return eecAuthnPage.ask('examples')").await;
        let listed = listed.as_array().expect("a list").clone();
        let (mut wrong, mut shown) = (Vec::new(), BTreeSet::new());
        for example in &listed {
            let id = example["id"].as_str().expect("an id");
            page.choose(id).await;
            let asked = page.script("return eecAuthnPage.asked").await;
            let seen = page.seen().await;
            let text = |name: &str| seen[name]["text"].as_str().map(str::to_owned);
            let said = CommandLine::explain(&asked, text("token").as_deref(), text("proof").as_deref());
            if without_nonce(said.clone()) != without_nonce(seen["explanation"].clone()) {
                wrong.push(format!("{id}: {said:#} instead of {:#}", seen["explanation"]));
            }
            // Not what the engine says: what stands there.
            let verdict = page.verdict().await;
            match example["code"].as_str() {
                Some(code) => {
                    assert_eq!(verdict, format!("Denied: {code}"), "{id}");
                    let fields = page.text("#walk .failed dl").await;
                    assert!(fields.contains(code), "{id}: {fields}");
                    assert!(page.text("#verdict-why").await.len() > 10, "{id}: no reason");
                    assert!(page.text("#look-at").await.starts_with("Look at: "), "{id}: no remedy");
                    let reply = page.text("#reply-text").await;
                    assert!(reply.contains(&code.to_ascii_uppercase()), "{id}: {reply}");
                    shown.insert(code.to_owned());
                }
                None => assert!(!verdict.starts_with("Denied"), "{id}: {verdict}"),
            }
            assert_eq!(
                page.script("return document.querySelectorAll('#problems .bad').length").await,
                0,
                "{id}"
            );
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), listed.len(), wrong.join("\n"));
        assert_eq!(shown, codes());
    });
}
