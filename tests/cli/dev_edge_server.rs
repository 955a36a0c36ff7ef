//! `eec-authn dev-edge-server` as a process: what it is told, and what it says of a body that is too long.

use crate::dev_server::process::Server;
use serde_json::json;
use std::process::Command;

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.arg("dev-edge-server").args(options);
    command
}

#[test]
fn the_ees_that_it_names_is_a_url_of_a_server() {
    for wrong in
        ["javascript:x", "ees1.example", "ftp://ees1.example", "http://", "http://u@ees1.example", ""]
    {
        // At an address that nobody has: whoever took the name would end, too, but for another reason.
        let output = command(&["--role", "ecs", "--ees", wrong, "--listen", "192.0.2.1:1"]).output();
        let output = output.expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        assert!(said.contains("--ees <URL>"), "{wrong}: {said}");
    }
    let server = Server::spawn(&mut command(&["--role", "ecs", "--ees", "https://ees1.example/edge/"]));
    let answer = server.post_json("/eecs-serviceprovisioning/v1/request", json!({"eecId": "e"}));
    let answer = answer.json();
    let ees = &answer["ednCnfgInfo"][0]["eess"][0];
    assert_eq!(
        (&ees["eesId"], &ees["endPt"]["uri"]),
        (&json!("ees1.example"), &json!("https://ees1.example/edge"))
    );
}

#[test]
fn a_body_that_is_too_long_is_a_problem_like_every_other() {
    let server = Server::spawn(&mut command(&["--role", "ees"]));
    let long = " ".repeat(2 * 1024 * 1024 + 1);
    for path in
        ["/eees-eecregistration/v1/registrations", "/eees-easdiscovery/v1/eas-profiles/request-discovery"]
    {
        let answer = server.send("POST", path, &[], &long).expect("an answer");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (413, Some("application/problem+json")),
            "{path}"
        );
        assert_eq!(answer.json()["status"], 413);
    }
}
