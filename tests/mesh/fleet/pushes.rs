//! How long a key takes to the last proxy, by proxies and keys; what is sent for it, and what istiod needs for them.

use super::{count, results};
use crate::istio::mesh::Mesh;
use crate::support::token::base64url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Light clients in place of sidecars, and keys in the filter JSON.
const PROXIES: [usize; 2] = [300, 1_500];
const KEYS: [usize; 3] = [1, 16, 256];

/// `benches/fleet` under way.
struct Fleet {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Fleet {
    fn start(proxies: usize, mark: &str) -> Fleet {
        let program =
            std::env::var_os("EEC_AUTHN_FLEET_CLIENTS").expect("EEC_AUTHN_FLEET_CLIENTS names the clients");
        let mut process = Command::new(program)
            .args([crate::istio::options::DISCOVERY, &proxies.to_string(), mark])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the clients start");
        let lines = BufReader::new(process.stdout.take().expect("a pipe"));
        Fleet { process, lines }
    }

    /// The next mark is to be waited for.
    fn expect(&mut self, mark: &str) {
        writeln!(self.process.stdin.as_mut().expect("a pipe"), "{mark}").expect("the clients run");
        assert_eq!(self.line(), "ready");
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("the clients run");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the clients have ended: {line}"))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A mark and the plugin for the fleet that has it: so many keys, the last of which is in no other push.
fn plugin(mesh: &Mesh, keys: usize, push: usize) -> (String, Value) {
    let jwk = |number: String| {
        let x = base64url(Sha256::digest(&number));
        json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "kid": number, "x": x}})
    };
    let mark = format!("k-{keys}-of-push-{push}-");
    let mut pinned: Vec<Value> = (1..keys).map(|number| jwk(format!("2026-{number:03}"))).collect();
    pinned.push(jwk(mark.clone()));
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    plugin["metadata"]["name"] = json!("eec-authn-fleet");
    plugin["spec"]["selector"]["matchLabels"]["app"] = json!("fleet");
    plugin["spec"]["pluginConfig"]["entitlement_servers"][0]["keys"] = json!(pinned);
    (mark, plugin)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

/// Seconds from then until a time in nanoseconds since 1970.
fn seconds(since: Duration, at: &Value) -> f64 {
    let at = Duration::from_nanos(at.as_u64().expect("a time"));
    at.checked_sub(since).expect("nobody has it before it is there").as_secs_f64()
}

pub fn a_key_to_a_whole_fleet(mesh: &Mesh) {
    mesh.kubernetes.apply(include_str!("../resources/istio-fleet.yaml"));
    let pushes = count("EEC_AUTHN_FLEET_PUSHES", 5);
    let mut fleets = Vec::new();
    let mut serial = 0;
    for proxies in PROXIES {
        let (mark, first) = plugin(mesh, 1, serial);
        mesh.kubernetes.apply(&first.to_string());
        // Until istiod has it: what a client gets first is then this.
        std::thread::sleep(Duration::from_secs(2));
        let (idle, begin) = (mesh.istiod.resident(), now());
        let mut fleet = Fleet::start(proxies, &mark);
        let connected = fleet.line();
        let mut numbers = json!({"proxies": proxies, "idle_bytes": idle, "connected_bytes": mesh.istiod.resident(),
            "connect_seconds": seconds(begin, &connected["last"]), "connect": connected, "keys": []});
        mesh.run.progress(&format!("{proxies} clients are connected"));
        for keys in KEYS {
            let mut all = Vec::new();
            // The first changes how many keys there are.
            for push in 0..=pushes {
                serial += 1;
                let (mark, next) = plugin(mesh, keys, serial);
                fleet.expect(&mark);
                let begin = now();
                mesh.kubernetes.apply(&next.to_string());
                let applied = (now() - begin).as_secs_f64();
                let update = fleet.line();
                let [first, median, last] =
                    ["first", "median", "last"].map(|which| seconds(begin, &update[which]));
                if push > 0 {
                    all.push(json!({"applied": applied, "first": first, "median": median, "last": last,
                        "sent": update["sent"], "retries": update["retries"]}));
                }
            }
            mesh.run.progress(&format!("{proxies} clients, {keys} keys: {}", all[0]));
            numbers["keys"].as_array_mut().expect("an array").push(
                json!({"keys": keys, "bytes": next_size(mesh, keys), "pushes": all, "istiod_bytes": mesh.istiod.resident()}),
            );
        }
        fleets.push(numbers);
    }
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn-fleet");
    results("fleet", json!({"pushes": pushes, "fleets": fleets}));
}

/// The filter JSON's bytes.
fn next_size(mesh: &Mesh, keys: usize) -> usize {
    plugin(mesh, keys, 0).1["spec"]["pluginConfig"].to_string().len()
}
