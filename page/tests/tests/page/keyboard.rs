//! Without a mouse, and for whoever has the page read to them.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use page_tests::{Page, with_page};
use serde_json::json;

async fn press(page: &Page, key: Key) {
    let value = char::from(key);
    let pressed =
        KeyActions::new("keys".into()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
    page.driver.client.perform_actions(pressed).await.expect("a key");
}

async fn focus(page: &Page) -> String {
    page.script("const e = document.activeElement; return e.id || e.getAttribute('name') || e.getAttribute('data-turn') || e.className || e.tagName").await.as_str().expect("text").to_owned()
}

#[test]
fn everything_that_can_be_used_is_reached_by_tab_and_shows_that_it_is() {
    with_page(async |page| {
        page.script("document.body.focus()").await;
        let mut reached = Vec::new();
        for _ in 0..120 {
            press(page, Key::Tab).await;
            let now = focus(page).await;
            if reached.first() == Some(&now) && reached.len() > 5 {
                break;
            }
            // Where the browser has its own buttons.
            if now == "BODY" {
                continue;
            }
            let outlined = "const e = document.activeElement; const shown = e.matches('input[type=radio]') ? e.nextElementSibling : e.matches('input[type=file]') ? e.parentElement : e; return getComputedStyle(shown).outlineStyle !== 'none' || shown.closest('.editor') !== null";
            assert_eq!(page.script(outlined).await, true, "{now} does not show the focus");
            reached.push(now);
        }
        for wanted in [
            "skip",
            "tab-request",
            "example",
            "theme",
            "config-file",
            "config",
            "token-mode",
            "token-claims",
            "token-new-key",
            "method",
            "path",
            "host",
            "headers",
            "body",
            "no-body",
            "clock",
            "-3600",
            "reply-text",
        ] {
            assert!(reached.iter().any(|name| name == wanted), "{wanted} is not reached: {reached:?}");
        }
    });
}

#[test]
fn tabs_choices_and_checks_are_worked_by_keys() {
    with_page(async |page| {
        page.script("document.getElementById('tab-request').focus()").await;
        press(page, Key::Right).await;
        assert_eq!(focus(page).await, "tab-protection");
        assert_eq!(page.script("return [document.getElementById('panel-request').hidden, document.getElementById('tab-protection').getAttribute('aria-selected')]").await, json!([true, "true"]));
        press(page, Key::Left).await;
        page.script("document.querySelector('input[name=token-mode][value=make]').focus()").await;
        press(page, Key::Right).await;
        page.until("return document.getElementById('verdict-word').textContent === 'Denied: token_missing'")
            .await;
        page.script("document.querySelector('#walk [data-check=host] summary').focus()").await;
        press(page, Key::Enter).await;
        assert_eq!(
            page.script("return document.querySelector('#walk [data-check=host] details').open").await,
            true
        );
        // What was opened stays open, and the focus where it was, when something changes elsewhere.
        page.put("#headers", "x-a: b").await;
        assert_eq!(page.script("return [document.querySelector('#walk [data-check=host] details').open, document.activeElement.closest('li')?.dataset.check]").await, json!([true, "host"]));
        page.script("document.querySelector('#link-menu summary').focus()").await;
        press(page, Key::Enter).await;
        press(page, Key::Escape).await;
        assert_eq!(
            page.script("return [document.getElementById('link-menu').open, document.activeElement.tagName]")
                .await,
            json!([false, "SUMMARY"])
        );
    });
}

#[test]
fn the_verdict_is_announced_and_the_walk_says_how_each_check_ended() {
    with_page(async |page| {
        page.choose("token_expired").await;
        let role = "const v = document.getElementById('verdict'); return [v.getAttribute('role'), v.getAttribute('aria-live')]";
        assert_eq!(page.script(role).await, json!(["status", "polite"]));
        let named = "return document.querySelector('#walk [data-check=expiry] summary').textContent";
        let named = page.script(named).await;
        assert!(named.as_str().expect("text").starts_with("expiry, failed: "), "{named}");
    });
}
