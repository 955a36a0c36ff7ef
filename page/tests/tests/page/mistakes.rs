//! Mistakes of a configuration: all at once, each at its place, in the words that Envoy would log.

use page_tests::{CommandLine, with_page};
use serde_json::{Value, json};

const MISTAKEN: &str = r#"{
  "protects": {"role": "eas", "fqdns": ["ees1.edge.example.net"]},
  "entitlement_servers": [
    {
      "fqdn": "aes.example.org",
      "keys": [
        {"jwk": {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}}
      ]
    }
  ],
  "tokens": {"max_bytes": 1},
  "mode": "shadow"
}"#;

#[test]
fn each_mistake_is_marked_at_its_line_and_leads_there() {
    with_page(async |page| {
        page.put("#config", MISTAKEN).await;
        let said = CommandLine::check(MISTAKEN);
        let errors = said["errors"].as_array().expect("errors").clone();
        assert!(errors.len() >= 3, "{errors:?}");
        let shown = page.script("return [...document.querySelectorAll('#problems .bad button')].map((b) => [b.querySelector('code').textContent, b.textContent])").await;
        let shown = shown.as_array().expect("a list");
        assert_eq!(shown.len(), errors.len(), "{shown:?}");
        for (error, shown) in errors.iter().zip(shown) {
            assert_eq!(error["path"], shown[0]);
            assert!(
                shown[1].as_str().expect("text").contains(error["message"].as_str().expect("text")),
                "{shown}"
            );
        }
        let lines = page.script("return [...document.querySelectorAll('.marks .bad')].map((mark) => Number(mark.dataset.line)).sort((a, b) => a - b)").await;
        assert_eq!(lines, json!([2, 7, 11]));
        assert_eq!(page.text("#config-state").await, format!("{} errors", errors.len()));
        assert_eq!(page.verdict().await, "No decision");

        let at = errors
            .iter()
            .position(|error| error["path"].as_str().is_some_and(|path| path.ends_with("crv")))
            .expect("the curve");
        page.click(&format!("#problems li:nth-child({})  button", at + 1)).await;
        let selected = "const f = document.activeElement; return f.id + ' ' + f.value.slice(f.selectionStart, f.selectionEnd)";
        assert_eq!(page.script(selected).await, r#"config "crv": "P-521""#);
    });
}

#[test]
fn advice_is_shown_beside_a_decision_and_as_the_command_line_words_it() {
    with_page(async |page| {
        let config: Value = page.script("return eecAuthnPage.asked.config").await;
        let shadow = config.as_str().expect("text").replacen('{', "{\n  \"mode\": \"shadow\",", 1);
        page.put("#config", &shadow).await;
        let said = CommandLine::check(&shadow);
        for warning in said["warnings"].as_array().expect("warnings") {
            let shown = page.text("#problems").await;
            assert!(shown.contains(warning["message"].as_str().expect("text")), "{warning}: {shown}");
        }
        assert_eq!(page.script("return document.querySelector('.marks .advice').dataset.line").await, "2");
        assert_eq!(page.verdict().await, "Allowed");
    });
}

#[test]
fn what_is_no_json_is_marked_where_it_ceases_to_be() {
    with_page(async |page| {
        page.put("#config", "{\n  \"protects\": {\n    \"role\": ees\n  }\n}").await;
        assert_eq!(page.script("return document.querySelector('.marks .bad').dataset.line").await, "3");
        page.put("#config", "").await;
        assert_eq!(page.text("#config-state").await, "1 error");
        page.put("#config", "http_filters:\n- name: eec_authn\n  typed_config:\n").await;
        assert!(page.text("#problems").await.contains("looks like a file of Envoy or Istio"));
    });
}

#[test]
fn the_second_tab_shows_operations_rules_and_what_shadows_what() {
    with_page(async |page| {
        let config: Value = page.script("return eecAuthnPage.asked.config").await;
        let mut config: Value = serde_json::from_str(config.as_str().expect("text")).expect("JSON");
        config["rules"] = json!([
            {"name": "nobody deletes", "match": {"methods": ["DELETE"], "path_prefix": "/"}, "action": "deny"},
            {"name": "gold", "match": {"api": "eees-eecregistration"}, "claims": [{"claim": "tier", "equals": "gold"}]},
            {"name": "never", "match": {"methods": ["DELETE"], "api": "eees-eecregistration"}},
        ]);
        page.put("#config", &config.to_string()).await;
        page.click("#tab-protection").await;
        let rules = page.text("#rules").await;
        assert!(rules.contains("never reached: rules[0] nobody deletes takes all of it"), "{rules}");
        let row = "return [...document.querySelectorAll('#operations tbody tr')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim()).find((text) => text.startsWith(arguments[0]))";
        let row = async |start: &str| {
            page.script_with(row, vec![json!(start)]).await.as_str().expect(start).to_owned()
        };
        let deleted = row("DELETE /eees-eecregistration").await;
        assert!(
            deleted
                .contains("rules[0] nobody deletes before rules[1] gold, rules[2] never refused by a rule"),
            "{deleted}"
        );
        let made = row("POST /eees-eecregistration").await;
        assert!(
            made.contains("rules[1] gold needs a token tier equals \"gold\" /eecId is the token's EEC ID"),
            "{made}"
        );
        let determined = row("POST /eees-appctxtreloc/v1/determine").await;
        assert!(
            determined.contains("built in needs a token /requestorId is the token's EEC ID"),
            "{determined}"
        );
        assert_eq!(
            page.script("return document.querySelectorAll('#operations tbody tr:not(.api)').length").await,
            17
        );
    });
}
