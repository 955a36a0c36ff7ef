//! `eec-authn conformance` against servers that a test scripts: its verdicts, its reports, its exit codes.

use crate::support::fixture::{FQDN, ISSUER};
use crate::support::foreign::{self, Server};
use crate::support::upstream::{Received, Upstream};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// A folder with a key, and what stands at the target.
struct Run {
    folder: TempDir,
    jwk: Value,
}

impl Run {
    fn new() -> Run {
        let folder = TempDir::with_prefix("eec-authn-conformance-").expect("a temporary directory");
        let run = Run { folder, jwk: Value::Null };
        let entry = run.command(&["keygen", "--out", "key.json"]);
        let entry: Value = serde_json::from_slice(&entry.stdout).expect("an entry of keys");
        Run { jwk: entry["jwk"].clone(), ..run }
    }

    fn command(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        command.args(args).current_dir(self.folder.path()).output().expect("the command runs")
    }

    /// Against a target; `more` comes last.
    fn against(&self, url: &str, more: &[&str]) -> Output {
        let target = ["--json", "conformance", "--target", url, "--role", "ees"];
        let tokens = ["--iss", ISSUER, "--aud", FQDN, "--key", "key.json"];
        self.command(&[&target[..], &tokens, more].concat())
    }

    /// Against a server of this test.
    fn with(&self, server: &Upstream, include: &str, more: &[&str]) -> (i32, Value) {
        let output =
            self.against(&format!("http://{}", server.address), &[&["--include", include], more].concat());
        (code(&output), report(&output))
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn report(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"))
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    let mut cases = report["cases"].as_array().expect("cases").iter();
    let case = cases.find(|case| case["id"] == id).unwrap_or_else(|| panic!("no {id} in {report}"));
    case["verdict"].as_str().expect("a verdict")
}

fn status(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
}

/// Whether a request has a token in three parts, each of some length: enough of a check for these tests.
fn has_token(received: &Received) -> bool {
    let [value] = received.all("authorization")[..] else { return false };
    value.strip_prefix("Bearer ").is_some_and(|t| t.split('.').filter(|p| p.len() > 40).count() == 3)
}

#[test]
fn statuses_are_judged_as_the_contract_has_it() {
    let run = Run::new();
    // What answers the request without a token, and what its case is then.
    for (answer, want, exit) in [
        ("400 Bad Request", "held", 0),
        ("401 Unauthorized", "held", 0),
        ("403 Forbidden", "held", 0),
        ("421 Misdirected Request", "held", 0),
        ("200 OK", "failed", 2),
        ("204 No Content", "failed", 2),
        ("404 Not Found", "could not be judged", 1),
        ("415 Unsupported Media Type", "could not be judged", 1),
        ("429 Too Many Requests", "could not be judged", 1),
        ("500 Internal Server Error", "could not be judged", 1),
        ("302 Found\r\nlocation: /elsewhere", "could not be judged", 1),
        ("", "could not be judged", 1),
    ] {
        let server = Upstream::saying(move |received| {
            assert_ne!(received.path, "/elsewhere", "a redirect was followed");
            match (has_token(received), answer) {
                (true, _) => status("200 OK"),
                (false, "") => String::new(),
                (false, answer) => status(answer),
            }
        });
        let (code, report) = run.with(&server, "tok-none", &[]);
        assert_eq!((verdict(&report, "TOK-NONE"), code), (want, exit), "{answer}: {report}");
    }
}

#[test]
fn a_body_may_be_refused_in_other_ways_than_a_token() {
    let run = Run::new();
    for (answer, want) in [
        ("400 Bad Request", "held"),
        ("415 Unsupported Media Type", "held"),
        ("422 Unprocessable Content", "held"),
        ("401 Unauthorized", "could not be judged"),
        ("200 OK", "failed"),
    ] {
        let server = Upstream::saying(move |received| {
            let good = received.all("content-type") == ["application/json"];
            status(if good { "200 OK" } else { answer })
        });
        let (_, report) = run.with(&server, "BND-DISC-REQUEST-TYPE-TEXT", &[]);
        assert_eq!(verdict(&report, "BND-DISC-REQUEST-TYPE-TEXT"), want, "{answer}");
    }
}

#[test]
fn nothing_is_judged_where_a_good_request_is_not_let_through() {
    let run = Run::new();
    let refuses = Upstream::saying(|_| status("401 Unauthorized"));
    let output = run.against(&format!("http://{}", refuses.address), &[]);
    assert_eq!((code(&output), output.stdout.as_slice()), (1, b"".as_slice()));
    assert!(
        errors(&output).contains("a good request is not let through")
            && errors(&output).contains("answered 401")
    );
    // Two candidates for the good request, and nothing else.
    assert_eq!(refuses.records.count(), 2);

    // It breaks down within the first group: that group says nothing any more, nor do the next ones.
    let count = AtomicUsize::new(0);
    let breaks = Upstream::saying(move |_| {
        let broken = count.fetch_add(1, Ordering::Relaxed) >= 3;
        status(if broken { "503 Service Unavailable" } else { "200 OK" })
    });
    let (code, report) = run.with(&breaks, "none", &[]);
    assert_eq!(code, 1, "{report}");
    assert_eq!(
        (&report["could_not_be_judged"], &report["failed"]),
        (&json!(report["cases"].as_array().expect("cases").len()), &json!(0))
    );
}

#[test]
fn another_good_request_is_taken_where_the_first_is_not_served() {
    let run = Run::new();
    let server = Upstream::saying(|received| {
        let registration = received.path.ends_with("/registrations");
        status(if registration && has_token(received) {
            "200 OK"
        } else if registration {
            "401 Unauthorized"
        } else {
            "404 Not Found"
        })
    });
    let (code, report) = run.with(&server, "TOK-NONE", &[]);
    assert_eq!((code, verdict(&report, "TOK-NONE")), (0, "held"));
    assert_eq!(report["good_request"], "POST /eees-eecregistration/v1/registrations");
    let (_, report) = run.with(&server, "BND-", &[]);
    assert_eq!(verdict(&report, "BND-DISC-REQUEST-FOREIGN"), "not applicable");
    assert_eq!(verdict(&report, "BND-REG-PUT-FOREIGN"), "not applicable", "no Location");
    assert_eq!(verdict(&report, "BND-REG-POST-FOREIGN"), "failed");
}

#[test]
fn a_foreign_item_may_be_hidden_if_its_owner_can_still_use_it() {
    let run = Run::new();
    for (owner_may, want) in [(true, "held"), (false, "could not be judged")] {
        let replaced = AtomicUsize::new(0);
        let server = Upstream::saying(move |received| {
            match received.method.as_str() {
            "POST" => "HTTP/1.1 201 Created\r\nlocation: /eees-eecregistration/v1/registrations/7\r\ncontent-length: 0\r\n\r\n".into(),
            // Whether it is served is asked first, then comes the other client, then its owner.
            "PUT" => match replaced.fetch_add(1, Ordering::Relaxed) {
                0 => status("200 OK"),
                1 => status("404 Not Found"),
                _ => status(if owner_may { "200 OK" } else { "404 Not Found" }),
            },
            _ => status("204 No Content"),
        }
        });
        let (_, report) = run.with(&server, "OWN-REG-PUT-FOREIGN", &[]);
        assert_eq!(verdict(&report, "OWN-REG-PUT-FOREIGN"), want);
        assert_eq!(report["left_behind"], json!([]));
    }
}

#[test]
fn what_cannot_be_deleted_is_named() {
    let run = Run::new();
    let server = Upstream::saying(|received| {
        match received.method.as_str() {
        "DELETE" => status("403 Forbidden"),
        _ => "HTTP/1.1 201 Created\r\nlocation: https://ees1.edge.example.net/eees-eecregistration/v1/registrations/7\r\ncontent-length: 0\r\n\r\n".into(),
    }
    });
    let (_, report) = run.with(&server, "BND-REG-POST-OWN", &[]);
    let left: Vec<&Value> = report["left_behind"].as_array().expect("a list").iter().collect();
    assert!(left.contains(&&json!("/eees-eecregistration/v1/registrations/7")), "{left:?}");
}

#[test]
fn over_tls_the_certificate_must_be_good_and_the_targets() {
    let run = Run::new();
    let made = foreign::run("certificates.py", &json!({"names": [FQDN]}));
    fs::write(run.folder.path().join("ca.pem"), made["ca"].as_str().expect("PEM")).expect("a file");
    let orders = &made["certificates"][FQDN];
    let server = Server::start_with("https_server.py", orders);
    let connect = server.address.to_string();
    let at = |url: &str, more: &[&str]| {
        run.against(url, &[&["--connect", &connect, "--include", "TOK-NONE"], more].concat())
    };

    let output = at(&format!("https://{FQDN}"), &["--ca", "ca.pem"]);
    assert_eq!((code(&output), verdict(&report(&output), "TOK-NONE")), (2, "failed"), "{}", errors(&output));
    // An authority that this machine does not know, and one that has not signed the certificate.
    let unknown = at(&format!("https://{FQDN}"), &[]);
    let remedy = "; name the CA that has signed its certificate by --ca FILE";
    let other = foreign::run("certificates.py", &json!({"names": [FQDN]}));
    fs::write(run.folder.path().join("other.pem"), other["ca"].as_str().expect("PEM")).expect("a file");
    let wrong = at(&format!("https://{FQDN}"), &["--ca", "other.pem"]);
    // Without any authorities of the system there is nothing to compare with.
    assert!(
        errors(&unknown).contains(remedy) || errors(&unknown).contains("by --ca"),
        "{}",
        errors(&unknown)
    );
    assert!(errors(&wrong).contains("; no CA in the file of --ca has signed"), "{}", errors(&wrong));
    // Another name, and an authority that this machine does not know.
    for (url, more) in
        [("https://other.example.net", &["--ca", "ca.pem"][..]), (&format!("https://{FQDN}"), &[])]
    {
        let output = at(url, more);
        assert_eq!(code(&output), 1);
        assert!(
            errors(&output).contains("TLS") || errors(&output).contains("certificate"),
            "{}",
            errors(&output)
        );
    }
}

#[test]
fn without_tls_nothing_leaves_the_machine() {
    let run = Run::new();
    for url in ["http://192.0.2.1", "http://[2001:db8::1]:80"] {
        let output = run.against(url, &[]);
        assert_eq!(code(&output), 1, "{url}");
        assert!(errors(&output).contains("is not loopback"), "{url}: {}", errors(&output));
    }
    let output = run.against("http://127.0.0.1", &["--connect", "192.0.2.1:80"]);
    assert!(errors(&output).contains("is not loopback"), "{}", errors(&output));
}

#[test]
fn wrong_usage_is_told() {
    let run = Run::new();
    let told = |args: &[&str], text: &str| {
        let output = run.against("http://127.0.0.1:1", args);
        assert_eq!(code(&output), 1, "{args:?}");
        assert!(errors(&output).contains(text), "{args:?}: {}", errors(&output));
    };
    told(&["--include", "no such case"], "no case has this text");
    told(&["--header", "[]"], "not a JSON object");
    told(&["--sub", "a b"], "visible ASCII");
    told(&["--claims", r#"{"sub": "eec-9"}"#], "--sub");
    told(&["--timeout", "0"], "--timeout");
    told(&[], "no connection");
    assert_eq!(code(&run.command(&["conformance"])), 1);
}

#[test]
fn tokens_are_as_the_options_say() {
    let run = Run::new();
    let server = Upstream::start();
    let more = [
        "--sub",
        "eec-9",
        "--header",
        r#"{"kid": null, "typ": "at+jwt"}"#,
        "--claims",
        r#"{"scope": "a b"}"#,
    ];
    let (code, _) = run.with(&server, "TOK-GOOD", &more);
    assert_eq!(code, 0);
    let received = server.records.first();
    let token = received.all("authorization")[0].trim_start_matches("Bearer ").to_owned();
    let shown = run.command(&["--json", "inspect", &token]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["header"], json!({"alg": "EdDSA", "typ": "at+jwt"}));
    assert_eq!((&shown["claims"]["sub"], &shown["claims"]["scope"]), (&json!("eec-9"), &json!("a b")));
    assert_eq!(
        serde_json::from_slice::<Value>(&received.body).expect("JSON"),
        json!({"requestorId": {"eecId": "eec-9"}})
    );
}

#[test]
fn junit_has_every_case_and_its_verdict() {
    let run = Run::new();
    let server = Upstream::saying(|received| status(if has_token(received) { "200 OK" } else { "500 Oops" }));
    let (code, report) = run.with(&server, "TOK-", &["--junit", "report.xml"]);
    assert_eq!(code, 2);
    let text = fs::read_to_string(run.folder.path().join("report.xml")).expect("the report");
    let count = |what: &str| text.matches(what).count() as u64;
    assert_eq!(count("<testcase "), report["cases"].as_array().expect("cases").len() as u64);
    for (element, member) in
        [("<failure ", "failed"), ("<error ", "could_not_be_judged"), ("<skipped ", "not_applicable")]
    {
        assert_eq!(Some(count(element)), report[member].as_u64(), "{element}");
        assert!(count(element) > 0, "{element}");
    }
    let read = foreign::run("xml_attributes.py", &json!({"xml": text}));
    assert_eq!(read["testcase"].as_u64(), Some(count("<testcase ")), "another reader");
}

#[test]
fn a_proof_of_possession_is_one_that_another_library_takes() {
    let run = Run::new();
    // It wants a nonce first, as RFC 9449, section 9 has it.
    let server = Upstream::saying(|received| match received.all("dpop")[..] {
        [proof] if received.all("authorization")[0].starts_with("DPoP ") && !has_nonce(proof) => {
            "HTTP/1.1 401 Unauthorized\r\ndpop-nonce: n1\r\ncontent-length: 0\r\n\r\n".into()
        }
        _ => status("200 OK"),
    });
    let (code, report) = run.with(&server, "DPOP-GOOD", &[]);
    assert_eq!((code, verdict(&report, "DPOP-GOOD")), (0, "held"), "{report}");
    let received = server.records.last(|received| received.all("dpop").len() == 1);
    let orders = json!({
        "authorization": received.all("authorization")[0], "proof": received.all("dpop")[0], "method": received.method,
        "url": format!("http://{}{}", server.address, received.path), "jwk": run.jwk, "nonce": "n1",
    });
    assert_eq!(foreign::run("dpop_proof.py", &orders), json!({"wrong": []}));
}

fn has_nonce(proof: &str) -> bool {
    use base64::Engine as _;
    let claims = proof.split('.').nth(1).unwrap_or_default();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    String::from_utf8_lossy(&claims).contains("\"nonce\":\"n1\"")
}
