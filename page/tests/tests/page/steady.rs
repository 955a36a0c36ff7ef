//! The page stays usable: whatever the input, and while time passes.

use page_tests::{Page, with_page};
use serde_json::json;

/// Waits until the shown time has changed so often.
async fn seconds(page: &Page, number: usize) {
    for _ in 0..number {
        let shown = page.script("return document.getElementById('clock').value").await;
        page.until(&format!("return document.getElementById('clock').value !== {shown}")).await;
    }
}

/// The clock of the machine, and a count of what the engine is asked from then on, each time for so long.
async fn count_looks(page: &Page, milliseconds: u32) {
    let begin = "const before = eecAuthnPage.looks;
        const now = document.querySelector('input[name=clock-mode][value=now]');
        if (now.checked) document.getElementById('host').dispatchEvent(new Event('input')); else now.click();
        return before";
    // What has changed is looked at first.
    let before = page.script(begin).await;
    page.until(&format!("return eecAuthnPage.looks > {before}")).await;
    let count = "const [pause] = arguments;
        globalThis.asked = 0;
        globalThis.look ??= eecAuthnPage.core.functions.look;
        eecAuthnPage.core.functions.look = (text) => {
            globalThis.asked += 1;
            for (const begun = performance.now(); performance.now() < begun + pause;);
            return globalThis.look(text);
        }";
    page.script_with(count, vec![json!(milliseconds)]).await;
}

#[test]
fn of_thousands_of_mistakes_a_hundred_are_shown() {
    with_page(async |page| {
        let members: Vec<String> = (0..3000).map(|number| format!("\"unknown{number}\": 1")).collect();
        page.put("#config", &format!("{{{}}}", members.join(",\n"))).await;
        assert_eq!(page.text("#config-state").await, "3002 errors");
        assert_eq!(page.script("return document.querySelectorAll('#problems button').length").await, 100);
        let problems = page.text("#problems").await;
        assert!(
            problems.ends_with("and 2902 more, which are shown when some of these are mended"),
            "{problems}"
        );
    });
}

#[test]
fn the_clock_asks_nothing_anew_where_no_time_counts() {
    with_page(async |page| {
        page.put("#config", "{").await;
        count_looks(page, 0).await;
        seconds(page, 2).await;
        assert_eq!(page.script("return globalThis.asked").await, 0, "mistakes do not pass");
        page.choose("token_missing").await;
        count_looks(page, 0).await;
        seconds(page, 2).await;
        assert_eq!(page.script("return globalThis.asked").await, 0, "no token, so nothing that ends");
    });
}

#[test]
fn the_clock_goes_on_and_leaves_time_for_everything_else() {
    with_page(async |page| {
        page.choose("token_expired").await;
        count_looks(page, 0).await;
        page.until("return globalThis.asked > 1").await;
        count_looks(page, 300).await;
        page.until("return globalThis.asked > 0").await;
        seconds(page, 2).await;
        assert_eq!(
            page.script("return globalThis.asked").await,
            1,
            "a slow look is not repeated every second"
        );
    });
}

/// What is read aloud is read once: it does not change while time passes.
#[test]
fn the_verdict_is_left_alone_until_it_changes() {
    with_page(async |page| {
        page.choose("token_expired").await;
        count_looks(page, 0).await;
        let watch = "globalThis.changes = 0; new MutationObserver((all) => { globalThis.changes += all.length })
            .observe(document.getElementById('verdict'), {subtree: true, childList: true, characterData: true, attributes: true})";
        page.script(watch).await;
        assert!(!page.text("#facts").await.is_empty());
        page.until("return globalThis.asked > 1").await;
        assert_eq!(page.script("return globalThis.changes").await, 0);
        page.choose("binding_mismatch").await;
        page.until("return globalThis.changes > 0").await;
    });
}

#[test]
fn half_a_character_is_named_where_it_stands() {
    with_page(async |page| {
        let put = async |field: &str, text: &str| {
            let before = page.script("return eecAuthnPage.looks").await;
            let script = format!(
                "const field = document.getElementById('{field}'); field.value = {text}; field.dispatchEvent(new Event('input'))"
            );
            page.script(&script).await;
            page.until(&format!("return eecAuthnPage.looks > {before}")).await;
        };
        put("config", "'{\\n\"name\": \"\\ud800\"}'").await;
        assert_eq!(page.text("#config-state").await, "1 error");
        let problem = page.text("#problems").await;
        assert!(
            problem.contains("configuration has half of a character here (a lone surrogate)"),
            "{problem}"
        );
        assert_eq!(page.script("return document.querySelector('.marks .bad').dataset.line").await, "2");
        page.choose("a-good-registration").await;
        put("body", "'{\"eecId\": \"\\udc00\"}'").await;
        assert_eq!(page.verdict().await, "No decision");
        let why = page.text("#verdict-why").await;
        assert!(why.starts_with("The field \"Body\" has half of a character (a lone surrogate)"), "{why}");
        // Both halves are one.
        put("body", "'{\"eecId\": \"\\ud834\\udd1e\"}'").await;
        assert_eq!(page.verdict().await, "Denied: binding_mismatch");
    });
}

/// Browsers have line ends of one kind in fields: the lines are those of the file.
#[test]
fn line_ends_of_another_system_move_no_mark() {
    with_page(async |page| {
        page.put("#config", "{\r\n  \"é\": 1,\r\n  \"protects\": {\r\n    \"role\": ees\r\n  }\r\n}").await;
        assert_eq!(page.script("return document.querySelector('.marks .bad').dataset.line").await, "4");
        let problem = page.text("#problems").await;
        assert!(problem.contains("at line 4, column 13"), "{problem}");
        page.click("#problems button").await;
        let selected =
            "const f = document.activeElement; return f.value.slice(f.selectionStart, f.selectionEnd)";
        assert_eq!(page.script(selected).await, "e");
    });
}
