//! What names and links bring that mean harm: variables called as members of every object are, links by somebody else's hand.

use page_tests::{Page, with_page};
use serde_json::{Value, json};

/// The fragment of a link that carries this, whoever has made it.
async fn fragment(page: &Page, carried: &Value) -> String {
    let encode = "return btoa(String.fromCharCode(...new TextEncoder().encode(arguments[0]))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')";
    let encoded = page.script_with(encode, vec![json!(carried.to_string())]).await;
    format!("#request={}", encoded.as_str().expect("text"))
}

/// Such a link would be judged with a token that its maker has chosen, and the page says that it has none.
#[test]
fn a_link_brings_no_token_in_a_header() {
    with_page(async |page| {
        let asked = page.script("return eecAuthnPage.asked").await;
        let token = page.seen().await["token"]["text"].as_str().expect("a token").to_owned();
        let bearer = format!("Bearer {token}");
        for (headers, dropped) in [
            (json!([["content-type", "application/json"], ["authorization", bearer]]), "1 value of it"),
            (
                json!([["content-type", "application/json"], [" Authorization ", bearer], ["DPoP", "abc"]]),
                "2 values of it",
            ),
            (
                json!([
                    ["content-type", "application/json"],
                    ["accept", format!("a/b\nauthorization: {bearer}")]
                ]),
                "1 value of it",
            ),
            (
                json!([
                    ["content-type", "application/json"],
                    [format!("x: a\r\nauthorization: {bearer}"), ""]
                ]),
                "1 value of it",
            ),
            (
                json!([["content-type", "application/json"], [format!("authorization: {bearer}"), ""]]),
                "1 value of it",
            ),
            (json!([["content-type", "application/json"], ["cookie", "session=abc"]]), "1 value of it"),
        ] {
            let mut carried = json!({"headers": headers, "now": asked["now"]});
            for name in ["config", "method", "path", "host", "body"] {
                carried[name] = asked[name].clone();
            }
            let fragment = fragment(page, &carried).await;
            page.open(&fragment).await;
            assert_eq!(page.verdict().await, "Denied: token_missing", "{headers}");
            let shown = page.script("return document.getElementById('headers').value").await;
            let shown = shown.as_str().expect("text").to_ascii_lowercase();
            assert!(
                !shown.contains("bearer") && !shown.contains("abc") && !shown.contains("dpop"),
                "{shown}"
            );
            let about = page.text("#about").await;
            assert!(about.contains(dropped) && about.contains("left out"), "{about}");
        }
        // One of the page's own has nothing to leave out.
        page.choose("a-good-registration").await;
        page.click("#link-menu summary").await;
        page.until("return document.getElementById('link').value !== ''").await;
        let link = page.script("return document.getElementById('link').value.split('#')[1]").await;
        page.open(&format!("#{}", link.as_str().expect("a link"))).await;
        let about = page.text("#about").await;
        assert!(about.starts_with("From a link") && !about.contains("left out"), "{about}");
    });
}

#[test]
fn a_link_has_neither_the_query_of_the_page_nor_the_place_of_a_file() {
    with_page(async |page| {
        let value = "return document.getElementById('link').value";
        let open = async |url: &str| {
            page.driver.client.goto("about:blank").await.expect("an empty page");
            page.driver.client.goto(url).await.expect("the page");
            page.until("return document.documentElement.dataset.ready === 'yes'").await;
            page.click("#link-menu summary").await;
            page.until(&format!("{}.includes('#request=')", value)).await;
            page.script(value).await.as_str().expect("a link").to_owned()
        };
        let url = page.server.url.clone();
        let link = open(&format!("{url}?access_token=opaque-words&code=1")).await;
        assert!(link.starts_with(&format!("{url}#request=")), "{link}");
        assert_eq!(page.text("#link-state").await, "");
        // The path of a file names whose it is, and leads nobody else anywhere.
        let folder = page_tests::variable("EEC_AUTHN_PAGE");
        let link = open(&format!("file://{folder}/index.html?access_token=opaque-words")).await;
        assert!(link.starts_with("#request="), "{link}");
        assert!(page.text("#link-state").await.contains("put this behind the address"));
    });
}

#[test]
fn a_variable_may_be_called_as_a_member_of_every_object() {
    with_page(async |page| {
        let names = ["__proto__", "constructor", "hasOwnProperty", "toString"];
        let config = page.script("return eecAuthnPage.asked.config").await;
        let mut config: Value = serde_json::from_str(config.as_str().expect("text")).expect("JSON");
        config["ownership"] = json!({"secret_env": names});
        page.put("#config", &config.to_string()).await;
        let fields = "return [...document.querySelectorAll('#secret-fields input')].map((field) => [field.dataset.name, field.value])";
        assert_eq!(page.script(fields).await, json!(names.map(|name| [name, ""])));
        // What is typed there is asked about, under its name.
        let [typed, too] = ["A", "E"].map(|letter| letter.repeat(43));
        page.put("#secret-fields input[data-name=__proto__]", &typed).await;
        page.put("#secret-fields input[data-name=constructor]", &too).await;
        let asked = page.script("return JSON.stringify(eecAuthnPage.asked.secrets)").await;
        let asked: Value = serde_json::from_str(asked.as_str().expect("text")).expect("JSON");
        assert_eq!(
            asked,
            json!({"constructor": too, "__proto__": typed, "toString": "", "hasOwnProperty": ""})
        );
        // The fields are made anew, and what was typed stays.
        config["ownership"] = json!({"secret_env": ["__proto__", "valueOf"]});
        page.put("#config", &config.to_string()).await;
        assert_eq!(page.script(fields).await, json!([["__proto__", typed], ["valueOf", ""]]));
    });
}
