//! `eec-authn`, the program that the page must agree with, and which serves it.

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program.
pub struct CommandLine;

impl CommandLine {
    /// A call of it.
    pub fn command(arguments: &[&str]) -> Command {
        let mut command = Command::new(crate::variable("EEC_AUTHN_CLI"));
        command.args(arguments);
        command
    }

    /// What `explain --json` says of a question of the page's, whose token and proof are the texts given.
    pub fn explain(question: &Value, token: Option<&str>, proof: Option<&str>) -> Value {
        let folder = tempfile::tempdir().expect("a folder");
        let text = |name: &str| question[name].as_str().unwrap_or_default();
        let file = |name: &str, text: &str| -> String {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let mut command =
            CommandLine::command(&["--json", "explain", "--config", &file("filter.json", text("config"))]);
        command.args([
            "--now",
            &question["now"].to_string(),
            "--method",
            text("method"),
            "--path",
            text("path"),
            "--host",
            text("host"),
        ]);
        for (name, signed) in [("--token", token), ("--proof", proof)] {
            command.args(signed.iter().flat_map(|signed| [name, signed]));
        }
        match question["body"].as_str() {
            Some(body) => command.args(["--body", &file("body", body)]),
            None => command.arg("--no-body"),
        };
        for header in question["headers"].as_array().expect("headers") {
            let [name, value] = [0, 1].map(|part| header[part].as_str().expect("text"));
            match name {
                "content-type" => command.args(["--content-type", value]),
                name => command.args(["--header", &format!("{name}: {value}")]),
            };
        }
        match &question["answer"] {
            Value::String(answer) => command.args(["--answer", &file("answer.json", answer)]),
            Value::Bool(false) => command.arg("--no-answer"),
            _ => &mut command,
        };
        if question["used_proof"] == true {
            command.arg("--used-proof");
        }
        for (name, value) in question["secrets"].as_object().into_iter().flatten() {
            command.env(name, value.as_str().expect("text"));
        }
        let output = command.output().expect("the command runs");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// What `check --json` says of a configuration.
    pub fn check(config: &str) -> Value {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("filter.json");
        std::fs::write(&path, config).expect("a file");
        let output = CommandLine::command(&["--json", "check"]).arg(path).output().expect("the command runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        report[0].clone()
    }
}

/// Runs a driver, and ends it, and its folder, when the tests end: then its standard input does. Nobody drops what lies in a `static`.
const UNTIL_THE_TESTS_END: &str = r#"
exec 3<&0 </dev/null
chromedriver --port=0 3<&- &
driver=$!
trap 'kill "$driver"; wait "$driver"; exit' TERM
{
    read -r _ <&3
    kill "$driver"
    # Its browser ends a moment later, and writes until then.
    for _ in 1 2 3 4 5; do rm -rf "$PWD" && sleep 0.2; done
} >/dev/null 2>&1 &
wait "$driver"
"#;

/// A process that says where it is, and ends when it is dropped.
pub struct Server {
    process: Child,
    /// Where it is.
    pub url: String,
}

impl Server {
    /// `eec-authn page`, which a release has the files inside for.
    pub fn page() -> Server {
        let command =
            CommandLine::command(&["--json", "page", "--files", &crate::variable("EEC_AUTHN_PAGE")]);
        let url = |line: &str| -> Option<String> {
            let said: Value = serde_json::from_str(line).ok()?;
            Some(said["url"].as_str()?.to_owned())
        };
        Server::start(command, url).expect("eec-authn page says where it is")
    }

    /// chromedriver looks for a free port and takes it later: somebody else may be faster.
    pub(crate) fn chromedriver(folder: &Path) -> Server {
        let url = |line: &str| {
            let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
            Some(format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
        };
        let start = |_| {
            let mut command = Command::new("sh");
            command.args(["-c", UNTIL_THE_TESTS_END]).current_dir(folder).stdin(Stdio::piped());
            Server::start(command, url)
        };
        (0..5).find_map(start).expect("chromedriver says where it is")
    }

    /// Starts `command`, and waits for the line that `url` finds an address in; none if it ends before.
    fn start(mut command: Command, url: impl Fn(&str) -> Option<String>) -> Option<Server> {
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = started.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let found = lines.map_while(Result::ok).find_map(|line| url(&line));
        let server = Server { process, url: found.clone().unwrap_or_default() };
        found.map(|_| server)
    }
}

impl Drop for Server {
    /// A signal, so that a driver ends its browser, too.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
