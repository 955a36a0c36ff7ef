//! Requests that schemathesis makes out of 3GPP's OpenAPI files (TS 24.558, TS 29.558), through a real Envoy.
//!
//! What conforms and is the client's own goes through byte for byte. Whatever passes of the rest, no lenient reader
//! (`tests/foreign/lenient_readers.py`, several texts of the same bytes, documents behind each other) reads another client in it.
//!
//! The files lie in the folder that `EEC_AUTHN_OPENAPI` names, under the names of 3GPP's forge with `-` and version left out:
//! `TS24558_Eees_EECRegistration.yaml`. The seed is fixed: a failure comes back.

use crate::support::fixture::{FQDN, Fixture, ISSUER, Protocol, config};
use crate::support::foreign;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const EEC_ID: &str = "eec-1";
const UE_ID: &str = "msisdn-491700000001";

/// The default of `body.limit_bytes`.
const LIMIT_BYTES: usize = 65_536;

/// A file and one of its requests: method and path, where the EEC ID is and whether it must be there, where the
/// UE ID is, and what must be absent. By hand, from the clauses that `docs/contract.md#binding` names.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    bool,
    Option<&'static str>,
    &'static [&'static str],
);

const NOTHING: &[&str] = &[];
const SERVICE_PROVISIONING: &str = "TS24558_Eecs_ServiceProvisioning.yaml";
const REGISTRATION: &str = "TS24558_Eees_EECRegistration.yaml";
const DISCOVERY: &str = "TS24558_Eees_EASDiscovery.yaml";
const EVENTS: &str = "TS24558_Eees_ACREvents.yaml";
const RELOCATION: &str = "TS24558_Eees_AppContextRelocation.yaml";
const PROVISIONING: &str = "TS24558_Eees_EASInformationProvisioning.yaml";
const UE_IDENTIFIER: &str = "TS29558_Eees_UEIdentifier.yaml";

const OF_EES: &[Row] = &[
    (REGISTRATION, "POST", "/registrations", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (REGISTRATION, "PUT", "/registrations/{registrationId}", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (REGISTRATION, "PATCH", "/registrations/{registrationId}", Some("/eecId"), false, Some("/ueId"), NOTHING),
    (REGISTRATION, "DELETE", "/registrations/{registrationId}", None, false, None, NOTHING),
    (
        DISCOVERY,
        "POST",
        "/eas-profiles/request-discovery",
        Some("/requestorId/eecId"),
        true,
        Some("/ueId"),
        &["/requestorId/easId", "/requestorId/eesId"],
    ),
    (DISCOVERY, "POST", "/subscriptions", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (DISCOVERY, "PUT", "/subscriptions/{subscriptionId}", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (EVENTS, "POST", "/subscriptions", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (EVENTS, "PATCH", "/subscriptions/{subscriptionId}", Some("/eecId"), false, Some("/ueId"), NOTHING),
    (EVENTS, "DELETE", "/subscriptions/{subscriptionId}", None, false, None, NOTHING),
    (RELOCATION, "POST", "/determine", Some("/requestorId"), true, Some("/ueId"), NOTHING),
    (RELOCATION, "POST", "/initiate", Some("/requestorId"), true, Some("/ueId"), NOTHING),
    (PROVISIONING, "POST", "/declare", Some("/eecId"), true, None, NOTHING),
    (UE_IDENTIFIER, "POST", "/get", None, false, Some("/ueId"), &["/ipAddr"]),
];

const OF_ECS: &[Row] = &[
    (SERVICE_PROVISIONING, "POST", "/request", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (SERVICE_PROVISIONING, "POST", "/subscriptions", Some("/eecId"), true, Some("/ueId"), NOTHING),
    (
        SERVICE_PROVISIONING,
        "PUT",
        "/subscriptions/{subscriptionId}",
        Some("/eecId"),
        true,
        Some("/ueId"),
        NOTHING,
    ),
];

/// The path before those of a file (`servers` in it).
fn root(file: &str) -> &'static str {
    match file {
        SERVICE_PROVISIONING => "/eecs-serviceprovisioning/v1",
        REGISTRATION => "/eees-eecregistration/v1",
        DISCOVERY => "/eees-easdiscovery/v1",
        EVENTS => "/eees-acrevents/v1",
        RELOCATION => "/eees-appctxtreloc/v1",
        PROVISIONING => "/eees-easinfoprov/v1",
        UE_IDENTIFIER => "/eees-ueidentifier/v1",
        other => panic!("{other}"),
    }
}

/// Whether an identifier is one that no path in normal form has (`docs/contract.md#paths`), in the form of a URL.
fn is_abnormal(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    let escapes = last.split('%').skip(1).filter_map(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
    let refused = |byte: u8| b"/\\%;?#".contains(&byte) || byte < 0x20 || byte == 0x7F;
    escapes.into_iter().any(refused) || matches!(last, "." | "..") || last.contains(';')
}

fn held(role: &str, rows: &[Row]) {
    let operations: Vec<Value> = rows
        .iter()
        .map(|(file, method, path, eec_id, required, ue_id, absent)| {
            json!({"file": file, "method": method, "path": path, "eec_id": eec_id, "required": required, "ue_id": ue_id, "absent": absent})
        })
        .collect();
    let orders = json!({
        "folder": super::folder::openapi(), "seed": 24_558, "conforming": 6, "mutated": 6, "eec_id": EEC_ID, "ue_id": UE_ID,
        "operations": operations,
    });
    let made = foreign::run("openapi_requests.py", &orders);
    let requests = made["requests"].as_array().expect("requests");
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["protects"]["role"] = json!(role);
    let fixture = Fixture::start(&filter);
    let token = key.token(&claims_with(json!({"sub": EEC_ID, "gpsi": UE_ID})));
    let identity = [("x-eec-id", EEC_ID), ("x-eec-gpsi", UE_ID), ("x-eec-issuer", ISSUER)];
    let mut p = Problems::new();
    let (mut conforming, mut passed, mut strangers) = (0, 0, 0);
    for (request, number) in requests.iter().zip(0..) {
        let (file, method, ..) = rows[request["operation"].as_u64().expect("a number") as usize];
        let path = format!("{}{}", root(file), request["path"].as_str().expect("a path"));
        let name = format!("{number}: {method} {path} {}", shown(request));
        let mut sent = Request::new(method, &path).authority(FQDN).bearer(&token);
        if let (Some(media_type), Some(body)) = (request["media_type"].as_str(), request["body"].as_str()) {
            sent = sent.header("content-type", media_type).body(STANDARD.decode(body).expect("base64"));
        }
        if request["conforming"] == json!(true) {
            if is_abnormal(&path) {
                fixture.denied_over(Protocol::H1, &mut p, &name, &sent, "path_not_normal");
            } else if sent.body.as_ref().is_some_and(|body| body.len() > LIMIT_BYTES) {
                fixture.denied_over(Protocol::H1, &mut p, &name, &sent, "body_too_large");
            } else {
                fixture.allowed_over(Protocol::H1, &mut p, &name, &sent, &identity);
                conforming += 1;
            }
            continue;
        }
        let others: Vec<&Value> = [("eec_id", EEC_ID), ("ue_id", UE_ID)]
            .into_iter()
            .flat_map(|(kind, own)| {
                let read = request["read"][kind].as_array().expect("readings").iter();
                read.filter(move |reading| reading[1] != json!(own))
            })
            .collect();
        let status = fixture.send(Protocol::H1, &sent).map(|response| response.status);
        let refused = matches!(status, Ok(400 | 403 | 413 | 415));
        p.check(&name, refused || status == Ok(201), || format!("{status:?}"));
        p.check(&name, refused || others.is_empty(), || format!("passed, and is read as {others:?}"));
        passed += usize::from(!refused);
        strangers += usize::from(refused && !others.is_empty());
    }
    // Without these, nothing has been shown.
    let counts = format!("{conforming} conform, {passed} others pass, {strangers} speak for strangers");
    p.check(
        "the requests",
        conforming > 3 * rows.len() && passed > rows.len() && strangers > rows.len(),
        || counts,
    );
    fixture.finish(p);
}

fn shown(request: &Value) -> String {
    let body =
        request["body"].as_str().map(|body| STANDARD.decode(body).expect("base64")).unwrap_or_default();
    format!("{} {}", request["media_type"], String::from_utf8_lossy(&body))
}

#[test]
#[ignore = "needs 3GPP's OpenAPI files: make test-corpora"]
fn requests_to_an_ees_pass_unharmed_or_speak_for_nobody_else() {
    held("ees", OF_EES);
}

#[test]
#[ignore = "needs 3GPP's OpenAPI files: make test-corpora"]
fn requests_to_an_edge_ecs_pass_unharmed_or_speak_for_nobody_else() {
    held("ecs", OF_ECS);
}
