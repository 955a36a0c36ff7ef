//! The image of `make oci`: its layout, that it is the same every time, and its way through a real registry.

use crate::fixture::registry::{Registry, layout};
use crate::support::find;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|b| format!("{b:02x}")).collect()
}

fn directory() -> TempDir {
    TempDir::with_prefix("eec-authn-oci-").expect("a temporary directory")
}

/// The blob that a descriptor names; panics unless digest and size are its own.
fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().and_then(|d| d.strip_prefix("sha256:")).expect("a digest");
    let data = fs::read(layout.join("blobs/sha256").join(digest)).expect("the blob");
    assert_eq!((sha256(&data).as_str(), json!(data.len())), (digest, descriptor["size"].clone()));
    data
}

fn parsed(data: &[u8]) -> Value {
    serde_json::from_slice(data).expect("JSON")
}

/// Holds a layout against what Istio takes, and reads to its end: one image, no index of several, the module itself as one of two layers.
fn check(layout: &Path, digest: &str) {
    assert_eq!(
        parsed(&fs::read(layout.join("oci-layout")).expect("a file")),
        json!({"imageLayoutVersion": "1.0.0"})
    );
    let index = parsed(&fs::read(layout.join("index.json")).expect("a file"));
    let [entry] = index["manifests"].as_array().expect("manifests").as_slice() else { panic!("{index}") };
    assert_eq!((&entry["digest"], &entry["mediaType"]), (&json!(digest), &json!(MANIFEST)));
    let manifest = parsed(&blob(layout, entry));
    let [runtime, module] = manifest["layers"].as_array().expect("layers").as_slice() else {
        panic!("{manifest}")
    };
    assert_eq!(
        (runtime, &runtime["mediaType"]),
        (&manifest["config"], &json!("application/vnd.module.wasm.config.v1+json"))
    );
    assert_eq!(parsed(&blob(layout, runtime)), json!({"type": "envoy_proxy", "abiVersions": ["v0-2-1"]}));
    assert_eq!(module["mediaType"], "application/vnd.module.wasm.content.layer.v1+wasm");
    let found = blob(layout, module);
    assert!(found == fs::read(find::module()).expect("the module"), "another module is in the image");
}

#[test]
fn the_same_module_gives_the_same_digest() {
    let (one, other) = (directory(), directory());
    let first = layout(find::module(), "1.2.3", &one.path().join("oci"));
    check(&one.path().join("oci"), &first);
    assert_eq!(first, layout(find::module(), "1.2.3", &other.path().join("oci")));
    assert_ne!(first, layout(find::module(), "1.2.4", &other.path().join("oci")));
    let sums = Command::new("sha256sum")
        .args(["-c", "oci.sha256"])
        .current_dir(one.path())
        .output()
        .expect("it runs");
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stderr));
    let named = fs::read_to_string(one.path().join("oci.sha256")).expect("a file");
    assert_eq!(format!("sha256:{}", named.split(' ').next().expect("a word")), first);
}

#[test]
fn a_registry_takes_it_and_gives_it_back() {
    let made = directory();
    let from = made.path().join("oci");
    let digest = layout(find::module(), "1.2.3", &from);
    let registry = Registry::start();
    let there = format!("docker://{}/edge/eec-authn", registry.address);
    registry.copy(&format!("oci:{}:1.2.3", from.display()), &format!("{there}:1.2.3"));

    let (stored, media_type, manifest) = registry.manifest("edge/eec-authn", "1.2.3");
    assert_eq!((stored.as_str(), media_type.as_str()), (digest.as_str(), MANIFEST));
    assert_eq!(manifest["mediaType"], MANIFEST);

    // By digest, as `sha256` in a WasmPlugin pins it.
    let back = made.path().join("back");
    registry.copy(&format!("{there}@{digest}"), &format!("oci:{}:1.2.3", back.display()));
    check(&back, &digest);
}

/// What `make reproduce` says of the image in `dist/`: a byte of it that is another is found, wherever it is.
#[test]
fn another_image_in_the_place_of_the_one_that_is_made_again_is_found() {
    let (made, kept) = (directory(), directory());
    for folder in [&made, &kept] {
        layout(find::module(), "1.2.3", &folder.path().join("oci"));
    }
    let archive = kept.path().join("image.oci.tar");
    let pack = || {
        let mut tar = Command::new("tar");
        tar.arg("-cf").arg(&archive).arg("-C").arg(kept.path().join("oci")).arg(".");
        assert!(tar.status().expect("tar starts").success());
    };
    let is_the_same = || {
        let mut script = Command::new(find::root().join("scripts/same_image.sh"));
        script.args([made.path(), kept.path()]).output().expect("it starts").status.success()
    };
    assert!(is_the_same());
    pack();
    assert!(is_the_same());
    let largest = |folder: &Path| {
        let blobs = fs::read_dir(folder.join("oci/blobs/sha256")).expect("blobs").flatten();
        blobs.map(|blob| blob.path()).max_by_key(|path| fs::metadata(path).expect("a blob").len())
    };
    let module = largest(kept.path()).expect("the module");
    for (file, packed) in [(kept.path().join("oci.sha256"), false), (module.clone(), false), (module, true)] {
        let before = fs::read(&file).expect("a file");
        let mut after = before.clone();
        *after.last_mut().expect("a byte") ^= 1;
        fs::write(&file, after).expect("a file");
        if packed {
            pack();
            fs::write(&file, &before).expect("a file");
        }
        assert!(!is_the_same(), "{} (packed: {packed}) is another", file.display());
        fs::write(&file, before).expect("a file");
    }
}
