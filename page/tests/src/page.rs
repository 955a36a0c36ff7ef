//! The page, open in a browser.

use crate::{Driver, Server};
use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The page, ready to be used.
pub struct Page {
    /// The browser.
    pub driver: Driver,
    /// Who serves it.
    pub server: Server,
}

/// Browsers that have had a test, each with the runtime that its session needs: the next takes one.
static IDLE: Mutex<Vec<(Runtime, Driver)>> = Mutex::new(Vec::new());

/// Opens the page for `test`.
pub fn with_page(test: impl AsyncFnOnce(&Page)) {
    with_page_at("", test);
}

/// Opens the page with this fragment.
pub fn with_page_at(fragment: &str, test: impl AsyncFnOnce(&Page)) {
    let idle = IDLE.lock().expect("browsers").pop();
    let (runtime, driver) = idle.unwrap_or_else(new_browser);
    // Should it fail, whatever has become of the browser goes no further.
    let page = opened(&runtime, driver, fragment, test);
    runtime.block_on(page.driver.forget(&page.server.url));
    IDLE.lock().expect("browsers").push((runtime, page.driver));
}

/// Opens the page in a browser in which nothing has been before, and nothing will be.
pub fn with_page_in_a_new_browser(test: impl AsyncFnOnce(&Page)) {
    let (runtime, driver) = new_browser();
    let page = opened(&runtime, driver, "", test);
    runtime.block_on(page.driver.client.close()).expect("the session ends");
}

fn new_browser() -> (Runtime, Driver) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let driver = runtime.block_on(Driver::start());
    (runtime, driver)
}

fn opened(runtime: &Runtime, driver: Driver, fragment: &str, test: impl AsyncFnOnce(&Page)) -> Page {
    let page = Page { driver, server: Server::page() };
    runtime.block_on(async {
        page.open(fragment).await;
        test(&page).await;
    });
    page
}

impl Page {
    /// Opens it anew, with this fragment.
    pub async fn open(&self, fragment: &str) {
        self.driver.client.goto("about:blank").await.expect("an empty page");
        self.driver.client.goto(&format!("{}{fragment}", self.server.url)).await.expect("the page");
        self.until("return document.documentElement.dataset.ready === 'yes'").await;
    }

    /// Waits until a script says true.
    pub async fn until(&self, script: &str) {
        let started = std::time::Instant::now();
        while self.script(script).await != json!(true) {
            assert!(
                started.elapsed() < PATIENCE,
                "still not: {script}: {}",
                self.script("return document.body.innerText.slice(0, 2000)").await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a script returns.
    pub async fn script(&self, script: &str) -> Value {
        self.script_with(script, vec![]).await
    }

    /// The same with arguments.
    pub async fn script_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.driver
            .client
            .execute(script, arguments)
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The element that a selector names.
    pub async fn find(&self, selector: &str) -> Element {
        self.driver
            .client
            .find(Locator::Css(selector))
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// Clicks it.
    pub async fn click(&self, selector: &str) {
        let script = "document.querySelector(arguments[0]).scrollIntoView({block: 'center'})";
        self.script_with(script, vec![json!(selector)]).await;
        self.find(selector).await.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// What a reader sees there.
    pub async fn text(&self, selector: &str) -> String {
        let text = self
            .script_with("return document.querySelector(arguments[0]).innerText", vec![json!(selector)])
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Chooses an example from the list, as somebody with a mouse would.
    pub async fn choose(&self, example: &str) {
        self.find("#example")
            .await
            .select_by_value(example)
            .await
            .unwrap_or_else(|error| panic!("{example}: {error}"));
        assert_eq!(self.script("return document.getElementById('example').value").await, example);
    }

    /// Puts a text into a field, whatever was there, and waits until the page has looked.
    pub async fn put(&self, selector: &str, text: &str) {
        // What was waiting before gives way to this, so that the next look is about it.
        let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];
            field.dispatchEvent(new Event('input', {bubbles: true})); field.dispatchEvent(new Event('change', {bubbles: true}));
            return eecAuthnPage.looks;";
        let before = self.script_with(script, vec![json!(selector), json!(text)]).await;
        self.until(&format!("return eecAuthnPage.looks > {before}")).await;
    }

    /// What is asked, as the fields have it.
    pub async fn seen(&self) -> Value {
        self.script("return eecAuthnPage.seen").await
    }

    /// The verdict in words.
    pub async fn verdict(&self) -> String {
        self.text("#verdict-word").await
    }

    /// A window of this size with this scheme; `phone`: as a phone has it.
    pub async fn dress(&self, width: u32, height: u32, scheme: Scheme) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.driver.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let name = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": name}]});
        self.driver.devtools("Emulation.setEmulatedMedia", features).await;
    }
}
