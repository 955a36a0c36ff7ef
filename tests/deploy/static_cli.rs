//! The command lines of a release: each needs nothing of a machine but its kernel. Those of another architecture run in QEMU.

use crate::support::find;
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::foreign::{self, Server};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Rust's name of an architecture, and readelf's.
const ARCHITECTURES: [(&str, &str); 2] =
    [("x86_64", "Advanced Micro Devices X86-64"), ("aarch64", "AArch64")];

fn program(architecture: &str) -> PathBuf {
    let folder =
        env::var_os("EEC_AUTHN_STATIC").expect("EEC_AUTHN_STATIC is not set; run `make test-release`");
    let path = Path::new(&folder).join(format!("{architecture}-unknown-linux-musl/eec-authn"));
    assert!(path.is_file(), "{} is missing; run `make dist`", path.display());
    path
}

/// The program of this architecture, in an environment without anything.
fn command(architecture: &str) -> Command {
    let mut command = if architecture == env::consts::ARCH {
        Command::new(program(architecture))
    } else {
        let mut emulator = Command::new(find::emulator(architecture));
        emulator.arg(program(architecture));
        emulator
    };
    command.env_clear();
    command
}

fn run(architecture: &str, folder: &Path, arguments: &[&str]) -> Output {
    command(architecture).args(arguments).current_dir(folder).output().expect("it starts")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
#[ignore = "builds the command line twice, for minutes: make test-release"]
fn no_library_is_asked_for() {
    for (architecture, machine) in ARCHITECTURES {
        let mut readelf = Command::new("readelf");
        let output = readelf.args(["-W", "-h", "-l", "-d"]).arg(program(architecture)).output();
        let text = told(&output.expect("readelf (binutils) is not on the PATH"));
        assert!(text.contains(machine) && text.contains("LOAD"), "{architecture}: {text}");
        for word in ["INTERP", "(NEEDED)"] {
            assert!(!text.contains(word), "{architecture} has {word}: {text}");
        }
    }
}

#[test]
#[ignore = "builds the command line twice, for minutes: make test-release"]
fn configurations_are_checked() {
    let folder = TempDir::with_prefix("eec-authn-static-").expect("a temporary directory");
    fs::write(folder.path().join("wrong.json"), "{}").expect("a file");
    let good = find::root().join("examples/rules/filter.json");
    for (architecture, _) in ARCHITECTURES {
        let output = run(architecture, folder.path(), &["--version"]);
        assert_eq!(told(&output), concat!("eec-authn ", env!("CARGO_PKG_VERSION"), "\n"), "{architecture}");
        let output = run(architecture, folder.path(), &["check", good.to_str().expect("a path")]);
        assert_eq!(output.status.code(), Some(0), "{architecture}: {}", told(&output));
        let output = run(architecture, folder.path(), &["check", "wrong.json"]);
        assert_eq!(output.status.code(), Some(3), "{architecture}: {}", told(&output));
        assert!(told(&output).contains("protects"), "{architecture}: {}", told(&output));
    }
}

/// Signing, randomness and TLS: a case of `conformance` against a server of another library, whose certificate must be good.
#[test]
#[ignore = "builds the command line twice, for minutes: make test-release"]
fn a_server_is_asked_over_tls() {
    let made = foreign::run("certificates.py", &json!({"names": [FQDN]}));
    let server = Server::start_with("https_server.py", &made["certificates"][FQDN]);
    let connect = server.address.to_string();
    for (architecture, _) in ARCHITECTURES {
        let folder = TempDir::with_prefix("eec-authn-static-").expect("a temporary directory");
        fs::write(folder.path().join("ca.pem"), made["ca"].as_str().expect("PEM")).expect("a file");
        let output = run(architecture, folder.path(), &["keygen", "--out", "key.json"]);
        assert!(output.status.success(), "{architecture}: {}", told(&output));
        let target = format!("https://{FQDN}");
        let conformance =
            ["--json", "conformance", "--target", &target, "--role", "ees", "--connect", &connect];
        let tokens = ["--iss", ISSUER, "--aud", FQDN, "--key", "key.json", "--include", "TOK-NONE"];
        let asked =
            |more: &[&str]| run(architecture, folder.path(), &[&conformance[..], &tokens, more].concat());
        // It lets everybody pass, so the case fails: but it was reached.
        let output = asked(&["--ca", "ca.pem"]);
        assert_eq!(output.status.code(), Some(2), "{architecture}: {}", told(&output));
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["cases"][0]["id"], "TOK-NONE", "{architecture}: {report}");
        let output = asked(&[]);
        assert_eq!(output.status.code(), Some(1), "{architecture}: {}", told(&output));
        assert!(told(&output).contains("--ca"), "{architecture}: {}", told(&output));
    }
}

#[test]
#[ignore = "builds the command line twice, for minutes: make test-release"]
fn the_page_is_inside() {
    for (architecture, _) in ARCHITECTURES {
        let mut served =
            command(architecture).args(["--json", "page"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(served.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let get = |name: &str| {
            let said = serde_json::from_str::<Value>(&line).ok()?;
            let address = said["url"].as_str()?.trim_start_matches("http://").trim_end_matches('/');
            let mut stream = TcpStream::connect(address).ok()?;
            write!(stream, "GET /{name} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok()?;
            Some(answer)
        };
        let answers = ["index.html", "style.css", "page.js", "engine.js"].map(|name| (name, get(name)));
        served.kill().expect("it runs");
        served.wait().expect("it ends");
        for (name, answer) in answers {
            let answer = answer.unwrap_or_else(|| panic!("{architecture}: no {name}: {line:?}"));
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{architecture}: {:?}", answer.get(..80));
            let file =
                fs::read(find::root().join("dist/page").join(name)).expect("`make dist` makes the page");
            assert!(answer.ends_with(&file), "{architecture}: {name} is another one");
            assert!(file.len() > 1_000, "{name} has {} bytes", file.len());
        }
    }
}
