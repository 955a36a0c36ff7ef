//! `page`: serves files on loopback, to whoever asks there and to nobody else. What they show is for the wing `page`.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(folder: &Path) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        command.args(["--json", "page", "--files"]).arg(folder).stdout(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let url = said["url"].as_str().expect("a URL");
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Served { process, address }
    }

    fn get(&self, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["index.html", "style.css", "page.js", "engine.js", "secret.txt"] {
        std::fs::write(folder.path().join(name), format!("this is {name}")).expect("a file");
    }
    folder
}

#[test]
fn the_files_are_served_with_a_policy_that_forbids_requests_and_nothing_else_is() {
    let folder = folder();
    let served = Served::start(folder.path());
    for (path, name, media_type) in [
        ("/", "index.html", "text/html"),
        ("/index.html", "index.html", "text/html"),
        ("/style.css", "style.css", "text/css"),
        ("/page.js", "page.js", "text/javascript"),
        ("/engine.js", "engine.js", "text/javascript"),
    ] {
        let answer = served.get(path, &served.address);
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("this is {name}")),
            "{answer}"
        );
        assert!(answer.contains(&format!("content-type: {media_type}; charset=utf-8\r\n")), "{answer}");
        assert!(answer.contains("content-security-policy: default-src 'none';"), "{answer}");
        assert!(answer.contains("frame-ancestors 'none'\r\n") && answer.contains("nosniff\r\n"), "{answer}");
    }
    for path in ["/secret.txt", "/../secret.txt", "/%2e%2e/secret.txt", "//", "/page.js/"] {
        assert!(served.get(path, &served.address).starts_with("HTTP/1.1 404 "), "{path}");
    }
}

#[test]
fn a_name_that_only_leads_here_gets_nothing() {
    let folder = folder();
    let served = Served::start(folder.path());
    let port = served.address.split(':').nth(1).expect("a port");
    assert!(served.get("/", &format!("localhost:{port}")).starts_with("HTTP/1.1 200 "));
    for host in ["attacker.example".to_owned(), format!("attacker.example:{port}"), "127.0.0.1".to_owned()] {
        let answer = served.get("/engine.js", &host);
        assert!(answer.starts_with("HTTP/1.1 421 ") && !answer.contains("this is"), "{host}: {answer}");
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let explained = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_eec-authn")).arg("page").args(arguments).output();
        let output = output.expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let folder = folder();
    std::fs::remove_file(folder.path().join("page.js")).expect("it was there");
    let (code, said) = explained(&["--files", &folder.path().display().to_string()]);
    assert!(code == Some(1) && said.contains("page.js: No such file"), "{said}");
    let (code, said) = explained(&["--listen", "0.0.0.0:0"]);
    assert!(code == Some(1) && said.contains("give a loopback address"), "{said}");
    // As a release has it.
    if !cfg!(feature = "page") {
        let (code, said) = explained(&[]);
        assert!(
            code == Some(1) && said.contains("`make page`") && said.contains("--files dist/page"),
            "{said}"
        );
    }
}
