//! `eec-authn conformance` against five fronts of one edge server: it tells them apart as they deserve.
//!
//! The server behind is as lenient as real ones (`support::edge_server`). What came out is the table in `docs/conformance.md`;
//! `UPDATE_GOLDEN=1` writes it anew.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::edge_server::{self, Items};
use crate::support::ees::Ees;
use crate::support::envoy::Envoy;
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::foreign::Server;
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::base64url;
use crate::support::{find, upstream::Upstream};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use tempfile::TempDir;

const HTTP: &str = "type.googleapis.com/envoy.extensions.filters.http.";

/// A folder with the key, and an edge server.
struct Edge {
    folder: TempDir,
    jwk: Value,
    server: Upstream,
    items: Items,
}

impl Edge {
    fn new(alg: &str) -> Self {
        let folder = TempDir::with_prefix("eec-authn-conformance-").expect("a temporary directory");
        let keygen = Command::new(env!("CARGO_BIN_EXE_eec-authn"))
            .args(["keygen", "--alg", alg, "--out", "key.json"])
            .current_dir(folder.path())
            .output()
            .expect("keygen runs");
        let entry: Value = serde_json::from_slice(&keygen.stdout).expect("an entry of keys");
        let (server, items) = edge_server::start();
        Self { folder, jwk: entry["jwk"].clone(), server, items }
    }

    /// The filter JSON with this key.
    fn filter(&self, role: &str) -> Value {
        json!({
            "protects": {"role": role, "fqdns": [FQDN]},
            "entitlement_servers": [{"fqdn": ISSUER, "keys": [{"jwk": self.jwk}]}],
        })
    }

    /// The same with proof of possession, by keys under the scheme that these tests use.
    fn filter_with_proof(&self, nonce: Value) -> Value {
        let mut filter = self.filter("ees");
        filter["proof"] = json!({"dpop": {"scheme": "http", "nonce": nonce}});
        filter["proof"]["dpop"].as_object_mut().expect("members").retain(|_, value| !value.is_null());
        filter
    }

    /// Runs the verb; its exit code and its report.
    fn run(&self, role: &str, at: SocketAddr, more: &[&str]) -> (i32, Value) {
        let output = Command::new(env!("CARGO_BIN_EXE_eec-authn"))
            .args([
                "--json",
                "conformance",
                "--role",
                role,
                "--iss",
                ISSUER,
                "--aud",
                FQDN,
                "--key",
                "key.json",
            ])
            .args(["--target", &format!("http://{FQDN}"), "--connect", &at.to_string()])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .expect("the command runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"));
        (output.status.code().expect("an exit code"), report)
    }

    /// Nothing that was made is still there.
    fn is_as_it_was(&self, report: &Value) {
        assert_eq!(report["left_behind"], json!([]));
        let kept = self.items.lock().expect("items");
        assert!(kept.is_empty(), "still there: {kept:?}");
    }
}

/// The cases with this verdict, with why.
fn with_verdict(report: &Value, verdict: &str) -> Vec<String> {
    let cases = report["cases"].as_array().expect("cases").iter();
    let those = cases.filter(|case| case["verdict"] == verdict);
    those.map(|case| format!("{}: {}", case["id"].as_str().expect("an id"), case["why"])).collect()
}

/// All cases hold but those that do not apply; the report.
fn all_hold(edge: &Edge, role: &str, filter: &Value) -> Value {
    let setup = Setup::new(Some(Configuration::Text(filter.to_string())), edge.server.address);
    let setup = setup.environment("NONCES", &base64url([7; 32]));
    let envoy = Envoy::start(&setup.stop_iteration(true));
    let (exit, report) = edge.run(role, envoy.address(), &[]);
    for verdict in ["failed", "could not be judged"] {
        assert_eq!(with_verdict(&report, verdict), Vec::<String>::new(), "{verdict}: {filter}");
    }
    assert_eq!(exit, 0);
    edge.is_as_it_was(&report);
    let crashes = envoy.stats("wasm.*vm_reload");
    assert!(crashes.values().all(|n| *n == 0), "the VM trapped: {crashes:?}");
    report
}

#[test]
fn this_filter_holds_in_every_case_with_each_kind_of_key() {
    for (alg, role) in [("EdDSA", "ees"), ("ES256", "ecs"), ("ES384", "ees")] {
        let edge = Edge::new(alg);
        let mut filter = edge.filter(role);
        filter["body"] = json!({"hold_headers": alg == "ES384"});
        let report = all_hold(&edge, role, &filter);
        assert!(report["held"].as_u64() > Some(200), "{alg} {role}: {}", report["held"]);
        let why = with_verdict(&report, "not applicable");
        let why = why.iter().filter(|why| why.starts_with("DPOP-GOOD"));
        assert_eq!(why.count(), 1, "no proof is configured");
    }
}

#[test]
fn this_filter_holds_in_every_case_of_proofs() {
    for nonce in [Value::Null, json!({"secret_env": ["NONCES"]})] {
        let edge = Edge::new("EdDSA");
        let report = all_hold(&edge, "ees", &edge.filter_with_proof(nonce.clone()));
        let mut without = with_verdict(&report, "not applicable");
        without.retain(|why| why.starts_with("DPOP-"));
        // With a nonce `iat` may be wrong, without one there is none to make up.
        assert_eq!(without.len(), if nonce.is_null() { 1 } else { 2 }, "{without:?}");
    }
}

/// Envoy's own verifier of tokens.
fn jwt_authn(edge: &Edge) -> Value {
    json!({
        "@type": format!("{HTTP}jwt_authn.v3.JwtAuthentication"),
        "providers": {"es": {
            "issuer": ISSUER, "audiences": [FQDN],
            "local_jwks": {"inline_string": json!({"keys": [edge.jwk]}).to_string()},
            "claim_to_headers": [{"header_name": "x-eec-id", "claim_name": "sub"}],
        }},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "es"}}],
    })
}

/// What an operator adds to it: the host, and methods and paths of the operations.
fn rbac() -> Value {
    let header = |name: &str, value: Value| json!({"header": {"name": name, "string_match": value}});
    let operation = |method: &str, path: Value| {
        json!({"and_rules": {"rules": [
            header(":authority", json!({"exact": FQDN})),
            header(":method", json!({"exact": method})),
            {"url_path": {"path": path}},
        ]}})
    };
    let collections = [
        "/eees-eecregistration/v1/registrations",
        "/eees-easdiscovery/v1/subscriptions",
        "/eees-acrevents/v1/subscriptions",
    ];
    let others = [
        "/eees-easdiscovery/v1/eas-profiles/request-discovery",
        "/eees-appctxtreloc/v1/determine",
        "/eees-appctxtreloc/v1/initiate",
        "/eees-easinfoprov/v1/declare",
        "/eees-ueidentifier/v1/get",
    ];
    let posts = collections.iter().chain(&others).map(|path| operation("POST", json!({"exact": path})));
    let items = collections.iter().flat_map(|path| {
        let item = json!({"safe_regex": {"regex": format!("{path}/[^/]+")}});
        ["PUT", "PATCH", "DELETE"].map(|method| operation(method, item.clone()))
    });
    let permissions: Vec<Value> = posts.chain(items).collect();
    json!({
        "@type": format!("{HTTP}rbac.v3.RBAC"),
        "rules": {"action": "ALLOW", "policies": {"operations": {"permissions": permissions, "principals": [{"any": true}]}}},
    })
}

/// Envoy asks a service of one's own about each request, its body included.
fn ext_authz(service: SocketAddr) -> Value {
    json!({
        "@type": format!("{HTTP}ext_authz.v3.ExtAuthz"),
        "http_service": {
            "server_uri": {"uri": format!("http://{service}"), "cluster": "authz", "timeout": "5s"},
            "authorization_response": {"allowed_upstream_headers": {"patterns": [{"exact": "x-eec-id"}]}},
        },
        "with_request_body": {"max_request_bytes": 65_536, "allow_partial_message": false, "pack_as_bytes": false},
    })
}

#[test]
fn five_fronts_are_told_apart() {
    let edge = Edge::new("ES256");
    let plain = || Setup::new(None, edge.server.address);
    let ours = Setup::new(
        Some(Configuration::Text(edge.filter_with_proof(Value::Null).to_string())),
        edge.server.address,
    );
    let orders = json!({"jwk": edge.jwk, "issuer": ISSUER, "audience": FQDN});
    let service = Server::start_with("ext_authz_server.py", &orders);
    let fronts = [
        ("this filter", Some(ours.stop_iteration(true))),
        ("Envoy's `jwt_authn`", Some(plain().filter("jwt", jwt_authn(&edge)))),
        ("`jwt_authn` and RBAC", Some(plain().filter("jwt", jwt_authn(&edge)).filter("rbac", rbac()))),
        (
            "`ext_authz` to a Python service",
            Some(plain().cluster("authz", service.address).filter("authz", ext_authz(service.address))),
        ),
        ("no check", None),
    ];
    let mut reports = Vec::new();
    for (name, setup) in fronts {
        let envoy = setup.as_ref().map(Envoy::start);
        let address = envoy.as_ref().map_or(edge.server.address, Envoy::address);
        let (exit, report) = edge.run("ees", address, &[]);
        edge.is_as_it_was(&report);
        assert_eq!(exit, if name == "this filter" { 0 } else { 2 }, "{name}");
        reports.push((name, report));
    }
    let failed = |at: usize| reports[at].1["failed"].as_u64().expect("a number");
    assert_eq!(failed(0), 0);
    // Each of them does something, and less than the one before it in the list of what is checked.
    assert!(
        failed(2) < failed(1) && failed(1) < failed(4) && failed(3) < failed(4),
        "{:?}",
        [1, 2, 3, 4].map(failed)
    );
    let nobody = &reports[4].1;
    for case in nobody["cases"].as_array().expect("cases") {
        let want = if case["want"] == "refused" { "failed" } else { "held" };
        let verdict = case["verdict"].as_str().expect("a verdict");
        assert!(verdict == want || verdict == "not applicable", "without a check: {case}");
    }
    let not_applicable = with_verdict(nobody, "not applicable");
    assert!(not_applicable.len() < 5, "{not_applicable:?}");
    // What Envoy's own filters refuse differs by version.
    if find::is_newest_envoy() {
        table(&reports);
    }
}

/// The table of the page, by group: failed of all that were judged.
fn table(reports: &[(&str, Value)]) {
    const BEGIN: &str = "<!-- fronts: from a run -->\n";
    const END: &str = "<!-- /fronts -->";
    let mut groups: Vec<&str> = Vec::new();
    let cases = |report: &'_ Value| report["cases"].as_array().expect("cases").clone();
    for case in reports[0].1["cases"].as_array().expect("cases") {
        let group = case["group"].as_str().expect("a group");
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut text = String::from("| failed of those judged |");
    text.extend(reports.iter().map(|(name, _)| format!(" {name} |")));
    text += "\n|---|";
    text.extend(reports.iter().map(|_| "---:|"));
    for group in groups.iter().copied().map(Some).chain([None]) {
        text += &format!("\n| {} |", group.unwrap_or("**all**"));
        for (_, report) in reports {
            let count = |verdicts: &[&str]| {
                let of_group =
                    cases(report).into_iter().filter(|case| group.is_none_or(|group| case["group"] == group));
                of_group.filter(|case| verdicts.iter().any(|verdict| case["verdict"] == *verdict)).count()
            };
            let (failed, judged) = (count(&["failed"]), count(&["failed", "held"]));
            text += &if judged == 0 {
                " not applicable |".to_owned()
            } else {
                format!(" {failed} of {judged} |")
            };
        }
    }
    text += "\n| could not be judged |";
    text.extend(reports.iter().map(|(_, report)| format!(" {} |", report["could_not_be_judged"])));
    text += "\n";
    let path = find::root().join("docs/conformance.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("where the table begins");
    let (old, after) = rest.split_once(END).expect("where it ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{text}{END}{after}")).expect("the page is written");
    } else {
        assert_eq!(old, text, "docs/conformance.md is not of this run; UPDATE_GOLDEN=1 writes it");
    }
}

/// The server is TS 24.558 to the letter and compares no owners: only a front that seals can keep one client from what another has made.
#[test]
fn before_a_server_that_compares_no_owners_the_front_is_told_by_its_seals() {
    let edge = Edge::new("EdDSA");
    let plain = Ees::start();
    let at = plain.upstream.address;
    let ours = |ownership: Value| {
        let mut filter = edge.filter("ees");
        filter["ownership"] = ownership;
        filter.as_object_mut().expect("members").retain(|_, value| !value.is_null());
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), at);
        setup.stop_iteration(true).environment("SEALS", &in_environment(&SECRET))
    };
    let native = Setup::new(None, at).filter("jwt", jwt_authn(&edge)).filter("rbac", rbac());
    let sealing = json!({"secret_env": ["SEALS"]});
    let migrating = json!({"secret_env": ["SEALS"], "unsealed": "allow"});
    // The verdict on another client's request, and why: with the path of the `Location`, or with the server's own identifier.
    let passes = |status: u16| ("failed", json!(format!("let through: answered {status}")));
    let bare = |status: u16| {
        ("failed", json!(format!("without the seal of the identifier: let through: answered {status}")))
    };
    let refused = |_| ("held", Value::Null);
    type Expected<'a> = &'a dyn Fn(u16) -> (&'static str, Value);
    let fronts: [(&str, Option<Setup>, Expected<'_>); 5] = [
        ("no check", None, &passes),
        ("`jwt_authn` and RBAC", Some(native), &passes),
        ("this filter without ownership", Some(ours(Value::Null)), &passes),
        ("this filter while seals may be left off", Some(ours(migrating)), &bare),
        ("this filter", Some(ours(sealing)), &refused),
    ];
    for (name, setup, expected) in fronts {
        let envoy = setup.as_ref().map(Envoy::start);
        let address = envoy.as_ref().map_or(at, Envoy::address);
        let (exit, report) = edge.run("ees", address, &["--include", "OWN-"]);
        let cases = report["cases"].as_array().expect("cases").iter();
        let cases: Vec<&Value> =
            cases.filter(|case| case["id"].as_str().is_some_and(|id| id.starts_with("OWN-"))).collect();
        assert_eq!(cases.len(), 18, "{name}");
        for case in cases {
            let id = case["id"].as_str().expect("an id");
            let others = id.ends_with("-FOREIGN");
            let status = if id.contains("DELETE") { 204 } else { 200 };
            let (verdict, why) = if others { expected(status) } else { ("held", Value::Null) };
            assert_eq!((&case["verdict"], &case["why"]), (&json!(verdict), &why), "{name}: {id}");
        }
        assert_eq!(exit, if name == "this filter" { 0 } else { 2 }, "{name}");
        assert_eq!(report["left_behind"], json!([]), "{name}");
        // Deleted items leave an empty place there.
        let kept = plain.items.lock().expect("items");
        assert!(kept.values().all(Vec::is_empty), "{name}: {kept:?}");
    }
}
