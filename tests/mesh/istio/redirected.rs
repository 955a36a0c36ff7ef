//! A pod as it is in a cluster: what is sent to it is redirected to its sidecar, and what its port speaks is what the Service says.

use super::mesh::{Mesh, code, filter_json};
use super::options::Options;
use super::sidecar::Sidecar;
use crate::harness::namespaces::{POD_NETWORK, redirect};
use crate::support::h1::{H1, bytes_of};
use crate::support::request::Request;
use crate::support::token::claims_with;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

const POD: u8 = 8;

/// A server that lets an empty line before a request be, as most do (RFC 9112, 2.2); every connection is one request.
fn lenient_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || answer(client));
        }
    });
    address
}

fn answer(mut client: TcpStream) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    // The body of `Request::register` is the end.
    while !read.ends_with(b"}") {
        match client.read(&mut buffer) {
            Ok(size @ 1..) => read.extend(&buffer[..size]),
            _ => return,
        }
    }
    let _ = client.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// Status and code; 0 where the connection ends without an answer.
fn ask(address: SocketAddr, bytes: &[u8]) -> (u16, String) {
    let exchange = || {
        let mut connection = H1::connect(address)?;
        connection.send(bytes)?;
        connection.response(false)
    };
    exchange().map_or((0, String::new()), |response| code(&response))
}

pub fn nothing_that_istio_does_not_take_for_http_passes_with_the_policy(mesh: &Mesh) {
    let service = |name: &str| include_str!("../resources/istio-redirected.yaml").replace("${NAME}", name);
    // The Service does not say what the port speaks.
    mesh.kubernetes.apply(&service("main"));
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    plugin["metadata"]["name"] = json!("redirected-eec-authn");
    plugin["spec"]["selector"]["matchLabels"]["app"] = json!("ees-redirected");
    mesh.kubernetes.apply(&plugin.to_string());
    redirect(POD, 8080, 15006, lenient_server());
    let options = Options::new("ees-8", POD, mesh.images.address)
        .label("app", "ees-redirected")
        .redirected(mesh.identity("ees"));
    let pod = Sidecar::start(&mesh.run, &options);
    mesh.runs(&pod, &filter_json(&plugin));
    let address: SocketAddr = format!("{POD_NETWORK}.{POD}:8080").parse().expect("an address");
    let plain = bytes_of(&Request::register("eec-1"));
    let after_a_line = [b"\r\n", &plain[..]].concat();
    let good = bytes_of(&Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({})))));
    let refused = (401, "token_missing".to_owned());
    let becomes = |what: &str, bytes: &[u8], wanted: &(u16, String)| {
        pod.wait(what, || (ask(address, bytes) == *wanted).then_some(()));
    };
    becomes("a filter", &plain, &refused);
    // Bytes, to Istio, and a request, to the server: what the policy is for.
    let passed = (201, String::new());
    assert_eq!(ask(address, &after_a_line), passed);

    // Where the Service says HTTP, everything is HTTP.
    mesh.kubernetes.apply(&service("http"));
    becomes("HTTP alone", &after_a_line, &refused);
    assert_eq!(ask(address, &plain), refused);

    // Without the Service the filter is still there, for what is taken for HTTP.
    mesh.kubernetes.delete("Service", "edge", "ees");
    becomes("a port of no Service", &after_a_line, &passed);
    assert_eq!(ask(address, &plain), refused);

    let mut policy = mesh.shipped_without_image("envoy/istio/http-alone.yaml");
    policy["spec"]["selector"]["matchLabels"]["app"] = json!("ees-redirected");
    mesh.kubernetes.apply(&policy.to_string());
    let nothing = (0, String::new());
    becomes("the policy", &after_a_line, &nothing);
    mesh.kubernetes.apply(&service("main"));
    // Delivered once the port has a chain of its own again.
    pod.wait("the Service", || pod.listeners().contains("0.0.0.0_8080").then_some(()));
    assert_eq!(ask(address, &after_a_line), nothing);
    assert_eq!(ask(address, &plain), refused);
    assert_eq!(ask(address, &good), passed);
    for (kind, name) in
        [("AuthorizationPolicy", "http-alone"), ("WasmPlugin", "redirected-eec-authn"), ("Service", "ees")]
    {
        mesh.kubernetes.delete(kind, "edge", name);
    }
    pod.quit();
}
