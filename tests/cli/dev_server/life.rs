//! Start, messages, end and exit codes.

use super::process::{Server, command};
use std::io::Read;
use std::process::{Command, Output};

fn text(output: Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Stops the server and returns what it wrote to standard error.
fn stderr(server: &mut Server) -> String {
    server.child.kill().unwrap();
    let mut text = String::new();
    server.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn it_listens_on_loopback_on_a_free_port() {
    let server = Server::start(&[]);
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    assert_ne!(server.address, "127.0.0.1:0");
    assert_eq!(server.get("/healthz").status, 204);
}

#[test]
fn anything_but_loopback_is_warned_of() {
    assert!(!stderr(&mut Server::start(&[])).contains("warning"));
    let warned = stderr(&mut Server::start(&["--listen", "0.0.0.0:0"]));
    assert!(warned.starts_with("warning: `0.0.0.0:"), "{warned}");
}

#[test]
fn signals_end_it_with_0() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut server = Server::start(&[]);
        let sent =
            Command::new("kill").args([&format!("-{signal}"), &server.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "SIG{signal}");
    }
}

#[test]
fn json_output_names_the_key() {
    let mut child = command(&["--json"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let announced: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(announced["jwk"]["crv"], "Ed25519");
    assert_eq!(announced["fqdn"], super::process::FQDN);
    assert!(announced["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
}

#[test]
fn a_port_in_use_is_a_failure() {
    let server = Server::start(&[]);
    let (code, stderr) = text(command(&["--listen", &server.address]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with(&format!("error: cannot listen on `{}`: ", server.address)), "{stderr}");
}

/// clap would exit with 2, which means "denied" here.
#[test]
fn wrong_usage_is_a_failure() {
    for arguments in
        [&["--nonsense"][..], &["--listen", "here"], &["--fqdn", "10.0.0.1"], &["--lifetime", "0"]]
    {
        let (code, stderr) = text(command(arguments).output().unwrap());
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: "), "{arguments:?}: {stderr}");
    }
    assert_eq!(command(&["--help"]).output().unwrap().status.code(), Some(0));
}
