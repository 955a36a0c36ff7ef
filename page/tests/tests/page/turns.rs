//! Tests take turns in a browser: what one leaves behind is not there for the next.

use page_tests::{Page, Scheme, with_page};
use serde_json::json;

const LEFT: &str = "return (async () => [matchMedia('(prefers-color-scheme: dark)').matches, innerWidth === 1000, localStorage.length,
    sessionStorage.length, document.cookie, (await caches.keys()).length])()";

async fn leave_something_of_everything(page: &Page) {
    page.dress(1000, 700, Scheme::Dark).await;
    let write =
        "localStorage.here = sessionStorage.here = document.cookie = 'here=yes'; console.error('here');
        history.pushState('', '', '#here'); open('about:blank'); return caches.open('here').then(() => 0)";
    page.script(write).await;
    assert_eq!(page.script(LEFT).await, json!([true, true, 1, 1, "here=yes", 1]));
}

#[test]
fn nothing_of_a_test_is_there_for_the_next() {
    with_page(async |page| {
        let nothing = page.script(LEFT).await;
        leave_something_of_everything(page).await;
        // The same address: another test's has another port.
        page.driver.forget(&page.server.url).await;
        page.open("").await;
        assert_eq!(page.script(LEFT).await, nothing);
        assert_eq!(page.driver.client.windows().await.expect("tabs").len(), 1);
        assert_eq!(page.driver.log("browser").await, Vec::<serde_json::Value>::new());
    });
}
