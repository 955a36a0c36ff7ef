//! A client's life: what it sends, in which order, and how its end is told.

use super::{
    DISCOVERY, REGISTRATIONS, Run, SUBSCRIPTIONS, arrived, body, command, ees, ok, status, token_endpoint,
    url,
};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

const TOKEN: &str = "t0ken-for-127.0.0.1";

#[test]
fn what_is_sent_is_what_ts_24558_has() {
    let (tokens, ees) = (token_endpoint(), ees(|received| format!("{}/7", received.path)));
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(&ees), "--ue-id", "msisdn-1"]);
    assert_eq!(run.exit, 0, "{}", run.printed);
    assert_eq!(
        body(&tokens.records.first()),
        json!({"eec_id": "eec-1", "gpsi": "msisdn-1", "audience": "127.0.0.1"})
    );
    let registration = format!("{REGISTRATIONS}/7");
    let subscription = format!("{SUBSCRIPTIONS}/7");
    // Method, path, media type, and the members of the body but for times (TS 24.558 V18.4.0, the OpenAPI of each API).
    let expected: [(&str, &str, Option<&str>, Value); 7] = [
        ("POST", REGISTRATIONS, Some("application/json"), json!({"eecId": "eec-1", "ueId": "msisdn-1"})),
        (
            "POST",
            DISCOVERY,
            Some("application/json"),
            json!({"requestorId": {"eecId": "eec-1"}, "ueId": "msisdn-1"}),
        ),
        (
            "POST",
            SUBSCRIPTIONS,
            Some("application/json"),
            json!({"eecId": "eec-1", "ueId": "msisdn-1", "easEventType": "EAS_AVAILABILITY_CHANGE"}),
        ),
        (
            "PUT",
            &registration,
            Some("application/json"),
            json!({"eecId": "eec-1", "ueId": "msisdn-1", "ueMobilityReq": true}),
        ),
        ("PATCH", &subscription, Some("application/merge-patch+json"), json!({})),
        ("DELETE", &subscription, None, Value::Null),
        ("DELETE", &registration, None, Value::Null),
    ];
    for (n, (method, path, media_type, members)) in expected.into_iter().enumerate() {
        let received = ees.records.at(n).expect("a request");
        assert_eq!((received.method.as_str(), received.path.as_str()), (method, path));
        assert_eq!(received.all("content-type"), Vec::from_iter(media_type), "{method} {path}");
        assert_eq!(received.all("authorization"), [format!("Bearer {TOKEN}")], "{method} {path}");
        assert!(received.all("dpop").is_empty());
        let mut sent = body(&received);
        if let Some(time) = sent.as_object_mut().and_then(|members| members.remove("expTime")) {
            assert!(time.as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 20), "{time}");
        }
        assert_eq!(sent, members, "{method} {path}");
    }
    assert_eq!(ees.records.count(), 7);
}

#[test]
fn the_edge_ecs_says_which_ees() {
    let tokens = token_endpoint();
    let ees = ees(|received| format!("http://{}{}/7", received.all("host")[0], received.path));
    // Another name than the edge ECS's, so that each token shows where it went.
    let root = format!("http://ees1.example:{}/edge", ees.address.port());
    let answer = json!({"ednCnfgInfo": [{"ednConInfo": {}, "eess": [{"eesId": "e", "eecRegConf": true, "endPt": {"uri": root}}]}]});
    let ecs = Upstream::saying(move |_| ok(&answer));
    let place = format!("ees1.example={}", ees.address);
    let options = ["--entitlement-server", &url(&tokens), "--ecs", &url(&ecs), "--connect", &place];
    let run = Run::with(&options);
    // The EES has nothing below this root.
    assert_eq!((run.exit, run.last()["step"].as_str()), (2, Some("register")), "{}", run.printed);
    let asked = ecs.records.first();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("POST", "/eecs-serviceprovisioning/v1/request")
    );
    assert_eq!(body(&asked), json!({"eecId": "eec-1"}));
    assert_eq!(asked.all("authorization"), [format!("Bearer {TOKEN}")]);
    let registered = ees.records.first();
    assert_eq!(registered.path, format!("/edge{REGISTRATIONS}"));
    assert_eq!(
        registered.all("authorization"),
        ["Bearer t0ken-for-ees1.example"],
        "a token for it, and no other"
    );
}

#[test]
fn an_edge_ecs_without_an_ees_is_the_end() {
    let tokens = token_endpoint();
    for answer in
        ["HTTP/1.1 204 No Content\r\n\r\n".to_owned(), ok(&json!({"ednCnfgInfo": []})), ok(&json!([]))]
    {
        let ecs = Upstream::saying(move |_| answer.clone());
        let run = Run::with(&["--entitlement-server", &url(&tokens), "--ecs", &url(&ecs)]);
        assert_eq!((run.exit, run.last()["step"].as_str()), (4, Some("provision")), "{}", run.printed);
        assert!(run.last()["why"].as_str().is_some_and(|why| why.contains("EES") || why.contains("JSON")));
    }
}

#[test]
fn a_refusal_ends_it_and_what_was_made_is_taken_away() {
    let tokens = token_endpoint();
    let server = Upstream::saying(|received| {
        match (received.method.as_str(), received.path.as_str()) {
        ("POST", REGISTRATIONS) => {
            "HTTP/1.1 201 Created\r\nlocation: /eees-eecregistration/v1/registrations/7\r\ncontent-length: 0\r\n\r\n".into()
        }
        ("DELETE", _) => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        _ => {
            let problem = json!({"status": 403, "cause": "BINDING_MISMATCH"}).to_string();
            let length = problem.len();
            format!("HTTP/1.1 403 Forbidden\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\n\r\n{problem}")
        }
    }
    });
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(&server)]);
    assert_eq!(run.statuses(), [("token", 200), ("register", 201), ("discover", 403), ("deregister", 204)]);
    assert_eq!((run.exit, &run.steps[2]["cause"]), (2, &json!("BINDING_MISMATCH")));
    assert_eq!(run.steps[2]["outcome"], "refused");
    assert_eq!(arrived(&server)[2], ("DELETE".to_owned(), format!("{REGISTRATIONS}/7")));
}

#[test]
fn refused_unreachable_and_wrong_usage_are_told_apart() {
    let tokens = token_endpoint();
    let of = |answer: &'static str| Upstream::saying(move |_| status(answer));
    let against =
        |server: &Upstream| Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(server)]);
    for (answer, exit) in [
        ("400 Bad Request", 2),
        ("401 Unauthorized", 2),
        ("403 Forbidden", 2),
        ("404 Not Found", 2),
        ("429 Too Many Requests", 2),
        ("500 Internal Server Error", 4),
        ("503 Service Unavailable", 4),
        ("302 Found\r\nlocation: /elsewhere", 4),
        // 201 alone is success, and it must say where.
        ("200 OK", 4),
        ("201 Created", 4),
        ("201 Created\r\nlocation: /a\r\nlocation: /b", 4),
    ] {
        let server = of(answer);
        let run = against(&server);
        assert_eq!(run.exit, exit, "{answer}: {}", run.printed);
        assert_eq!(server.records.count(), 1, "{answer}: nothing is tried again");
    }
    let nobody =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &format!("http://{nobody}")]);
    assert_eq!((run.exit, &run.last()["outcome"]), (4, &json!("failed")), "{}", run.printed);
    let closing = Upstream::saying(|_| String::new());
    assert_eq!(against(&closing).exit, 4);
    let (url, ees) = (url(&tokens), "http://127.0.0.1:1");
    for wrong in [
        &["--entitlement-server", &url][..],
        &["--ees", ees],
        &["--entitlement-server", &url, "--ees", "ees1"],
        &["--entitlement-server", &url, "--ees", ees, "--ecs", ees],
        &["--entitlement-server", &url, "--ees", ees, "--token-file", "x"],
        &["--token-file", "/no/such/file", "--ees", ees],
        &["--entitlement-server", &url, "--ees", ees, "--connect", "x"],
        &["--entitlement-server", &url, "--ees", ees, "--ca", "/no/such/file"],
        &["--entitlement-server", &url, "--ees", ees, "--clients", "2", "--rate", "1", "--for", "1s"],
        &["--entitlement-server", &url, "--ees", ees, "--clients", "1", "--rate", "1e-20", "--for", "1s"],
        &["--entitlement-server", &url, "--ees", ees, "--clients", "1", "--rate", "1e12", "--for", "1s"],
        &["--entitlement-server", &url, "--ees", ees, "--clients", "1", "--rate", "1", "--for", "169h"],
    ] {
        let output = command(wrong).output().expect("the command runs");
        assert_eq!(output.status.code(), Some(1), "{wrong:?}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(!output.stderr.is_empty(), "{wrong:?}");
    }
}

#[test]
fn who_is_interrupted_leaves_nothing_behind() {
    let tokens = token_endpoint();
    let (reached, waits) = std::sync::mpsc::channel();
    let server = Upstream::saying(move |received| match (received.method.as_str(), received.path.as_str()) {
        ("POST", REGISTRATIONS) => {
            status("201 Created\r\nlocation: /eees-eecregistration/v1/registrations/7")
        }
        ("DELETE", _) => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        _ => {
            reached.send(()).expect("a test");
            // Longer than the client lives; then it is gone.
            std::thread::sleep(std::time::Duration::from_secs(60));
            String::new()
        }
    });
    let mut command =
        command(&["--entitlement-server", &url(&tokens), "--ees", &url(&server), "--timeout", "300"]);
    let mut client = command.stdout(std::process::Stdio::null()).spawn().expect("it starts");
    waits.recv().expect("it has come so far");
    let killed = std::process::Command::new("kill").args(["-INT", &client.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    assert_eq!(client.wait().expect("it ends").code(), Some(1));
    assert_eq!(arrived(&server).last(), Some(&("DELETE".to_owned(), format!("{REGISTRATIONS}/7"))));
}
