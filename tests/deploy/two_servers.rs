//! `envoy/two-servers` as it is shipped: each listener is the sidecar's, and in a real Envoy the two are told apart.

use crate::fixture::running::Running;
use crate::fixture::shipped::{adapt, read};
use crate::fixture::sidecar::{REGISTRATIONS, SHIPPED_KEY, code, denied, free_port};
use crate::fixture::tls::{self, Client, certificates, request};
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::{Key, claims_with};
use crate::support::upstream::Upstream;
use crate::support::{find, foreign, h1, request};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const ECS: &str = "ecs1.edge.example.net";
const PROVISIONING: &str = "/eecs-serviceprovisioning/v1/request";

fn bootstrap(path: &str) -> Value {
    foreign::run("yaml_documents.py", &json!({"text": read(path)}))[0].clone()
}

/// The element of a list with this name.
fn named(list: &Value, name: &str) -> Value {
    let found = list.as_array().expect("a list").iter().find(|element| element["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}")).clone()
}

#[test]
fn each_listener_is_the_sidecars_but_for_names_and_places() {
    let (one, two) = (bootstrap("envoy/sidecar/envoy.yaml"), bootstrap("envoy/two-servers/envoy.yaml"));
    let own = &one["static_resources"];
    let manager = "/filter_chains/0/filters/0/typed_config";
    for (name, port) in [("ees", 8443), ("ecs", 8444)] {
        let mut listener = named(&two["static_resources"]["listeners"], name);
        let mut back = |pointer: &str, theirs: Value, ours: Value| {
            let place = listener.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}"));
            assert_eq!(*place, theirs, "{name}{pointer}");
            *place = ours;
        };
        let below = |pointer: &str| format!("{manager}{pointer}");
        back("/name", json!(name), json!("edge"));
        back("/address/socket_address/port_value", json!(port), json!(8443));
        back(&below("/stat_prefix"), json!(name), json!("edge"));
        back(&below("/route_config/name"), json!(name), json!("edge"));
        back(&below("/route_config/virtual_hosts/0/name"), json!(name), json!("ees"));
        back(&below("/route_config/virtual_hosts/0/routes/0/route/cluster"), json!(name), json!("ees"));
        let extension = format!("eec_authn_{name}");
        back(&below("/http_filters/0/name"), json!(extension), json!("eec_authn"));
        back(
            &below("/http_filters/0/config_discovery/config_source/path_config_source/path"),
            json!(format!("/etc/envoy/discovery/{extension}.yaml")),
            json!("/etc/envoy/discovery/eec_authn.yaml"),
        );
        back(
            &below("/access_log/0/typed_config/log_format/json_format/listener"),
            json!(name),
            json!("edge"),
        );
        assert_eq!(listener, named(&own["listeners"], "edge"));

        let mut cluster = named(&two["static_resources"]["clusters"], name);
        let place = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
        cluster["name"] = json!("ees");
        cluster["load_assignment"]["cluster_name"] = json!("ees");
        *cluster.pointer_mut(place).expect("a port") = json!(8080);
        assert_eq!(cluster, named(&own["clusters"], "ees"));
    }
    for same in ["admin", "stats_config", "overload_manager"] {
        assert!(one[same].is_object() && one[same] == two[same], "{same}");
    }
    for (list, name) in [("listeners", "probes"), ("clusters", "admin"), ("clusters", "entitlement-server")] {
        assert_eq!(named(&two["static_resources"][list], name), named(&own[list], name));
    }
}

#[test]
fn a_token_for_one_server_is_refused_by_the_other_and_everybody_sees_where() {
    let directory = TempDir::with_prefix("eec-authn-two-servers-").expect("a temporary directory");
    let (ees, ecs, key) = (Upstream::start(), Upstream::start(), Key::new(1));
    let made = certificates(&[FQDN, ISSUER]);
    let asked = tls::entitlement_server(&made["certificates"][ISSUER], &json!({"active": false}));
    let etc = format!("{}/", directory.path().display());
    let here = |port: u16| format!("address: 127.0.0.1, port_value: {port}");
    let any = here(0);
    let envoy = adapt(
        &read("envoy/two-servers/envoy.yaml"),
        &[
            ("/etc/envoy/", &etc),
            ("address: 0.0.0.0, port_value: 8443", &any),
            ("address: 0.0.0.0, port_value: 8444", &any),
            ("address: 0.0.0.0, port_value: 9902", &any),
            ("address: 127.0.0.1, port_value: 9901", &here(free_port())),
            ("address: 127.0.0.1, port_value: 8080", &here(ees.address.port())),
            ("address: 127.0.0.1, port_value: 8081", &here(ecs.address.port())),
            (&format!("address: {ISSUER}, port_value: 443"), &here(asked.address.port())),
        ],
    );
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("a file");
    for below in ["discovery", "tls"] {
        fs::create_dir(directory.path().join(below)).expect("a directory");
    }
    write("envoy.yaml", &envoy);
    let secret = adapt(&read("envoy/sidecar/tls_certificate.yaml"), &[("/etc/envoy/", &etc)]);
    write("discovery/tls_certificate.yaml", &secret);
    write("entitlement-server-ca.pem", made["ca"].as_str().expect("PEM"));
    let server = &made["certificates"][FQDN];
    write("tls/tls.crt", server["certificate"].as_str().expect("PEM"));
    write("tls/tls.key", server["key"].as_str().expect("PEM"));
    let module = find::module().display().to_string();
    for name in ["eec_authn_ees", "eec_authn_ecs"] {
        let changes =
            [("/etc/envoy/eec_authn.wasm", &*module), (SHIPPED_KEY, &key.x()), ("\"2026-10\"", "\"k1\"")];
        write(
            &format!("discovery/{name}.yaml"),
            &adapt(&read(&format!("envoy/two-servers/{name}.yaml")), &changes),
        );
    }
    let mut envoy = Running::start(
        directory,
        &[("ES_CLIENT_SECRET", "s3cret"), ("EEC_AUTHN_OWNERSHIP", &in_environment(&SECRET))],
    );

    let [to_ees, to_ecs] = ["ees", "ecs"].map(|name| Client::new(envoy.listener(name), &made));
    let [for_ees, for_ecs] =
        [FQDN, ECS].map(|fqdn| key.token(&claims_with(json!({"aud": fqdn, "jti": fqdn}))));
    let ask = |client: &Client, authority: &str, path: &str, token: &str| {
        let mut request = request("POST", path, Some(token), Some(&json!({"eecId": "eec-1"})));
        request["authority"] = json!(authority);
        client.answer(&request)
    };
    assert_eq!(ask(&to_ees, FQDN, REGISTRATIONS, &for_ees)["status"], 201);
    assert_eq!(ask(&to_ecs, ECS, PROVISIONING, &for_ecs)["status"], 201);
    assert_eq!((ees.records.count(), ecs.records.count()), (1, 1), "each has its own");
    let wrong = ask(&to_ecs, ECS, PROVISIONING, &for_ees);
    assert_eq!(code(&wrong), denied(401, "audience_mismatch"));
    let line = envoy.access("details", "eec_authn.audience_mismatch");
    assert_eq!((&line["listener"], &line["denied_token_id"]), (&json!("ecs"), &json!(FQDN)), "{line}");
    // An EES's API is no business of the edge ECS, nor the other way round.
    assert_eq!(code(&ask(&to_ecs, ECS, REGISTRATIONS, &for_ecs)), denied(403, "route_unmatched"));

    envoy.wait_for_stat("wasmcustom.eec_authn.ecs.denied.audience_mismatch", 1);
    envoy.wait_for_stat("wasmcustom.eec_authn.ees.allowed", 1);
    assert_eq!(envoy.stat("wasmcustom.eec_authn.ees.denied.audience_mismatch"), 0);
    let probes = envoy.listener("probes");
    let scraped =
        h1::exchange(probes, &request::Request::new("GET", "/stats/prometheus")).expect("statistics");
    let scraped = String::from_utf8_lossy(&scraped.body).into_owned();
    let sample = scraped.lines().find(|line| line.contains("denied{") && line.contains("audience_mismatch"));
    let sample = sample.expect("a sample");
    assert!(sample.contains("listener=\"ecs\"") && sample.ends_with(" 1"), "{sample}");
}
