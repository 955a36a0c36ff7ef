//! The rehearsal of the operator's guide, run line by line as it stands there, but for the ports.

use crate::support::find;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The indented lines of the section.
fn rehearsal() -> String {
    let guide = fs::read_to_string(find::root().join("docs/operators-guide.md")).expect("the guide");
    let (_, section) = guide.split_once("## 10. A rehearsal on one machine").expect("the rehearsal");
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines =
        section.lines().filter_map(|line| if line.is_empty() { Some("") } else { line.strip_prefix("    ") });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn the_rehearsal_of_the_guide_comes_out_as_it_says() {
    let ports = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [ees, ecs, admin] = ports.map(|port| port.local_addr().expect("an address").port().to_string());
    let script = rehearsal().replace("18080", &ees).replace("18081", &ecs).replace("19901", &admin);
    let folder = tempfile::tempdir().expect("a folder");
    let tools = folder.path().join("bin");
    fs::create_dir(&tools).expect("a folder");
    let link = |to: &Path, name| std::os::unix::fs::symlink(to, tools.join(name)).expect("a link");
    link(find::envoy(), "envoy");
    link(Path::new(env!("CARGO_BIN_EXE_eec-authn")), "eec-authn");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a PATH"));
    // Whatever fails, Envoy does not stay behind.
    let script = format!("set -eum\ntrap 'kill %1 2>/dev/null || true' EXIT\n{script}");
    let output = Command::new("timeout")
        .args(["60", "bash", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("WASM", find::module())
        .output()
        .expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let log = fs::read_to_string(folder.path().join("envoy.log")).unwrap_or_default();
    assert!(output.status.success(), "{out}\n{err}\n{log}");
    let mut rest = &*out;
    for next in [
        "\"kind\": \"certificate\"",
        "\n200\n",
        "shadow_denied.token_missing: 1\n",
        "taken: ",
        "401\n",
        "TOKEN_MISSING",
        "refused: ",
        "ownership.secret_env[0]: the VM's environment has no variable \"NOT_THERE\"",
        "401\n",
        "taken: ",
        "200\n",
        "taken: ",
        "401\n",
        "TOKEN_REVOKED",
        "200\n",
        "taken: ",
        "401\n",
    ] {
        let found = rest.split_once(next);
        rest = found.unwrap_or_else(|| panic!("no `{next}` in the rest of {out}\n{err}\n{log}")).1;
    }
}
