//! Where Envoy, the wasm module and Python are. What is missing fails the test: it never skips.

use std::env;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The root of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `ENVOY`, then `envoy` on the PATH of a version the filter is made for, then the wheel in `.venv`.
pub fn envoy() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(path) = env::var_os("ENVOY").filter(|v| !v.is_empty()) {
            let path = PathBuf::from(path);
            assert!(
                version(&path).is_some(),
                "ENVOY={} does not run; unset it and run `make setup wasm`",
                path.display()
            );
            return path;
        }
        let on_path = env::var_os("PATH").into_iter().flat_map(|p| env::split_paths(&p).collect::<Vec<_>>());
        let mut candidates: Vec<PathBuf> = on_path.map(|dir| dir.join("envoy")).collect();
        candidates.extend(wheels());
        candidates
            .into_iter()
            .filter(|p| p.is_file())
            .find(|p| version(p).is_some_and(|found| supported().contains(&found)))
            .unwrap_or_else(|| panic!("no supported Envoy found (ENVOY, PATH, .venv); run `make setup wasm`"))
    })
}

/// Whether that Envoy is of the newest minor version that the filter is tried with.
pub fn is_newest_envoy() -> bool {
    version(envoy()) == Some(*supported().end())
}

/// Major and minor versions that the filter is tried with.
fn supported() -> RangeInclusive<(u32, u32)> {
    let list =
        std::fs::read_to_string(root().join("scripts/envoy_versions.txt")).expect("the list of versions");
    let versions: Vec<(u32, u32)> =
        list.lines().filter(|line| !line.starts_with('#')).filter_map(major_minor).collect();
    *versions.first().expect("an oldest version")..=*versions.last().expect("a newest version")
}

fn major_minor(number: &str) -> Option<(u32, u32)> {
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??))
}

fn wheels() -> Vec<PathBuf> {
    let libs = std::fs::read_dir(root().join(".venv/lib")).into_iter().flatten().flatten();
    libs.map(|dir| dir.path().join("site-packages/envoy/_bin/envoy")).collect()
}

/// Major and minor, from `envoy --version`.
fn version(path: &Path) -> Option<(u32, u32)> {
    let output = Command::new(path).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // "PATH  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL"
    major_minor(text.split("version:").nth(1)?.split('/').nth(1)?)
}

/// `EEC_AUTHN_WASM`, else `dist/eec_authn.wasm`, which must not be older than what it is built from.
pub fn module() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(path) = env::var_os("EEC_AUTHN_WASM").filter(|v| !v.is_empty()) {
            // Envoy runs in a directory of its own.
            return std::path::absolute(&path).ok().filter(|p| p.is_file()).unwrap_or_else(|| {
                panic!("EEC_AUTHN_WASM={} is not a file; run `make setup wasm`", path.display())
            });
        }
        let path = root().join("dist/eec_authn.wasm");
        let built =
            modified(&path).unwrap_or_else(|| panic!("{} is missing; run `make setup wasm`", path.display()));
        let (source, changed) = newest_source();
        assert!(
            built >= changed,
            "{} is older than {}; run `make setup wasm`",
            path.display(),
            source.display()
        );
        path
    })
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// The last changed of the files that end up in the module; the command line is not one of them.
fn newest_source() -> (PathBuf, SystemTime) {
    let mut files = vec![root().join("Cargo.toml"), root().join("Cargo.lock")];
    let mut directories = vec![root().join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).expect("src can be read").flatten() {
            let path = entry.path();
            match path.file_name().and_then(|n| n.to_str()) {
                Some("cli" | "main.rs") => {}
                _ if path.is_dir() => directories.push(path),
                _ => files.push(path),
            }
        }
    }
    let dated = files.into_iter().filter_map(|f| modified(&f).map(|m| (f, m)));
    dated.max_by_key(|(_, m)| *m).expect("there are sources")
}

/// `promtool`, of Prometheus.
pub fn promtool() -> PathBuf {
    tool("promtool", "alert-tools")
}

/// QEMU for programs of another architecture.
pub fn emulator(architecture: &str) -> PathBuf {
    tool(&format!("qemu-{architecture}-static"), "emulator")
}

/// A program on the PATH, then in `.tools`, where `verb` puts it.
fn tool(name: &str, verb: &str) -> PathBuf {
    let on_path = env::var_os("PATH").into_iter().flat_map(|p| env::split_paths(&p).collect::<Vec<_>>());
    let mut places = on_path.chain([root().join(".tools/bin")]).map(|dir| dir.join(name));
    places
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("no {name} (PATH, .tools/bin); run `make {verb}`"))
}

/// `EEC_AUTHN_PYTHON`, for a copy of the sources alone; else that of the project's virtual environment.
pub fn python() -> PathBuf {
    let named = env::var_os("EEC_AUTHN_PYTHON").filter(|v| !v.is_empty()).map(PathBuf::from);
    let path = named.unwrap_or_else(|| root().join(".venv/bin/python"));
    assert!(path.exists(), "{} is missing; run `make setup wasm`", path.display());
    path
}
