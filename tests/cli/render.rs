//! `render` as its user meets it: what it refuses to be told, and files that are there as a whole or not at all.

use crate::support::fixture::config;
use crate::support::token::Key;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF";

fn render(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.arg("render").args(args).current_dir(folder).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a good filter JSON and a bad one.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut filter = config(&[&Key::new(1)]);
    fs::write(folder.path().join("filter.json"), filter.to_string()).expect("a file");
    filter["protects"]["rolle"] = json!("ees");
    fs::write(folder.path().join("bad.json"), filter.to_string()).expect("a file");
    folder
}

#[test]
fn errors_go_to_standard_error_and_nothing_is_printed_or_written() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("kept.yaml"), "before").expect("a file");
    for platform in ["envoy", "istio", "envoy-gateway"] {
        let output = render(folder, &[platform, "--config", "bad.json", "--out", "kept.yaml"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), String::new()), "{platform}");
        let errors = text(&output.stderr);
        assert!(errors.starts_with("bad.json: error: protects.rolle: is not known here"), "{errors}");
        let output = render(folder, &[platform, "--config", "absent.json", "--out", "kept.yaml"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()), "{platform}");
        assert!(text(&output.stderr).contains("cannot read absent.json"), "{}", text(&output.stderr));
    }
    assert_eq!(fs::read_to_string(folder.join("kept.yaml")).expect("the file"), "before");
    let output = render(folder, &["--json", "envoy", "--config", "bad.json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON where machines look for it");
    assert_eq!(report["errors"][0]["path"], "protects.rolle");
}

#[test]
fn what_is_told_is_checked() {
    let folder = folder();
    for (args, message) in [
        ("istio --sha256 0123", "is no SHA-256; give the 64 hexadecimal digits"),
        ("istio --sha256 md5:0123", "is no SHA-256"),
        ("istio --namespace Edge", "is no name of a namespace"),
        ("istio --namespace edge.a", "is no name of a namespace"),
        ("istio --namespace=-edge", "is no name of a namespace"),
        ("istio --name eec_authn", "--name: `eec_authn` is no name of a resource"),
        ("istio --target a/b/c=ees", "`a/b/c` is no key of a label"),
        ("istio --target app=e=s", "`e=s` is no value of a label"),
        ("istio --target ees-", "`ees-` is no value of a label"),
        ("istio --image registry", "is no image; give HOST/NAME:TAG"),
        ("istio --image https://registry.example.net/eec-authn", "is no image"),
        ("istio --image registry.example.net/a\nb", "is no image"),
        ("istio --pull-secret A", "is no name of a resource"),
        ("istio --port 0", "0 is not in 1..=65535"),
        ("istio --ecds", "--ecds means nothing for `render istio`; it is for `envoy`"),
        ("istio --revision 1", "--revision means nothing for `render istio`"),
        (
            "envoy --sha256 {digest}",
            "--sha256 means nothing for `render envoy`; it is for `istio` and `envoy-gateway`",
        ),
        ("envoy --target ees", "--target means nothing for `render envoy`"),
        ("envoy --name a/b", "--name: `a/b` is no name of a filter"),
        ("envoy-gateway --traffic-extension", "--traffic-extension means nothing for `render envoy-gateway`"),
        ("envoy-gateway --port 80", "--port means nothing"),
        ("envoy-gateway --target Edge", "--target: `Edge` is no name of a resource"),
        ("envoy --out .", "cannot write .: it is a directory; name a file"),
        ("envoy --out absent/x.yaml", "cannot write absent/x.yaml: No such file or directory"),
        ("nginx", "[possible values: envoy, istio, envoy-gateway]"),
    ] {
        let args = args.replace("{digest}", DIGEST);
        let args: Vec<&str> = args.split(' ').chain(["--config", "filter.json"]).collect();
        let output = render(folder.path(), &args);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()), "{args:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains(message), "{args:?}: no `{message}` in {errors}");
    }
    let names: Vec<_> = fs::read_dir(folder.path()).expect("the folder").flatten().collect();
    assert_eq!(names.len(), 2, "something is left behind: {names:?}");
    let longest = "a".repeat(63);
    for good in [
        format!("istio --sha256 sha256:{DIGEST} --namespace {longest} --target a.b/c_D.e=f"),
        format!("istio --target A_b.c --port 65535 --image oci://localhost:5000/x@sha256:{DIGEST}"),
    ] {
        let args: Vec<&str> = good.split(' ').chain(["--config", "filter.json"]).collect();
        let output = render(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_written_file_is_what_would_be_printed_and_says_its_version() {
    let folder = folder();
    let folder = folder.path();
    let printed = |args: &[&str]| {
        let output = render(folder, &[&["envoy", "--config", "filter.json"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let yaml = printed(&["--ecds"]);
    let path = folder.join("eec_authn.yaml");
    fs::write(&path, "before").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("its mode");
    let version = printed(&["--ecds", "--out", "eec_authn.yaml"]);
    assert_eq!(fs::read_to_string(&path).expect("the file"), yaml);
    assert!(yaml.contains(&format!("\nversion_info: \"{}\"\n", version.trim())), "{version}: {yaml}");
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "whoever could read it still can, and nobody else");
    assert_eq!(fs::read_dir(folder).expect("the folder").count(), 3, "something is left behind");

    assert_eq!(printed(&["--ecds", "--out", "again.yaml"]), version, "the same says the same");
    let others = [&["--revision", "2"][..], &["--wasm", "/other.wasm"], &["--name", "other"]];
    for other in others {
        let other = printed(&[&["--ecds", "--out", "other.yaml"], other].concat());
        assert!(other != version, "another file has the same version");
    }
    assert_eq!(printed(&["--out", "entry.yaml"]), "", "an entry has no version");
    let output = render(folder, &["--json", "envoy", "--config", "filter.json", "--ecds"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["version"], version.trim());
}

#[test]
fn an_image_without_a_name_or_a_digest_is_warned_of() {
    let folder = folder();
    let warned = |args: &[&str]| {
        let output = render(folder.path(), &[args, &["--config", "filter.json"]].concat());
        assert_eq!(output.status.code(), Some(0));
        text(&output.stderr)
    };
    for platform in ["istio", "envoy-gateway"] {
        assert!(warned(&[platform]).starts_with("warning: without --image it names a placeholder"));
        let tag = "registry.example.net/eec-authn:1";
        assert!(
            warned(&[platform, "--image", tag]).starts_with("warning: without --sha256 the registry says")
        );
        assert_eq!(warned(&[platform, "--image", tag, "--sha256", DIGEST]), "");
        assert_eq!(warned(&[platform, "--image", &format!("{tag}@sha256:{DIGEST}")]), "");
    }
    assert_eq!(warned(&["envoy"]), "");
}
