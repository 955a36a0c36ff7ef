//! chromedriver, and the commands of Chromium's that WebDriver itself does not have.

use crate::Server;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// A browser, which ends with this.
pub struct Driver {
    /// The session.
    pub client: Client,
    _server: Server,
    profile: tempfile::TempDir,
}

impl Driver {
    /// Starts one with nothing in it.
    pub async fn start() -> Driver {
        let profile = tempfile::tempdir().expect("a folder");
        let server = Server::chromedriver(profile.path());
        let usual = include_str!("../webdriver.json");
        let mut capabilities: Value = serde_json::from_str(usual).expect("JSON");
        let arguments = capabilities["goog:chromeOptions"]["args"].as_array_mut().expect("arguments");
        arguments.push(json!(format!("--user-data-dir={}", profile.path().display())));
        // By the pipe, it ends with its driver, however that ends.
        arguments.push(json!("--remote-debugging-pipe"));
        // Pictures are the same everywhere, and without scroll bars.
        arguments.extend(["--force-color-profile=srgb", "--hide-scrollbars"].map(|argument| json!(argument)));
        capabilities["goog:loggingPrefs"] = json!({"browser": "ALL", "performance": "ALL"});
        let capabilities = capabilities.as_object().expect("an object").clone();
        let client =
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&server.url).await;
        let client =
            client.expect("a session of chromedriver: are chromium and chromium-driver of one version?");
        Driver { client, _server: server, profile }
    }

    /// Forgets what the page at `url` has left behind: an empty tab is all that there is.
    pub async fn forget(&self, url: &str) {
        let everything = json!({"origin": url.trim_end_matches('/'), "storageTypes": "all"});
        self.devtools("Storage.clearDataForOrigin", everything).await;
        let tabs = self.client.windows().await.expect("tabs");
        let empty = self.client.new_window(true).await.expect("a tab").handle;
        for tab in tabs {
            self.client.switch_to_window(tab).await.expect("a tab of before");
            self.client.close_window().await.expect("it closes");
        }
        self.client.switch_to_window(empty).await.expect("the empty tab");
        for kind in ["browser", "performance"] {
            self.log(kind).await;
        }
    }

    /// Where the browser keeps what it keeps.
    pub fn profile(&self) -> &std::path::Path {
        self.profile.path()
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, name: &str, parameters: Value) -> Value {
        self.issue("goog/cdp/execute", json!({"cmd": name, "params": parameters})).await
    }

    /// What has come into a log since it was last read.
    pub async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.issue("se/log", json!({"type": kind})).await;
        entries.as_array().cloned().unwrap_or_default()
    }

    async fn issue(&self, path: &'static str, body: Value) -> Value {
        let answer = self.client.issue_cmd(Own { path, body: body.to_string() }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.clone()))
    }
}
