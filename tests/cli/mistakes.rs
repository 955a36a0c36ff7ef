//! Mistakes at the command line: each ends with a clear word and the right exit code, never in a panic, and prints no result.

use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::token::Key;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A private key that is PEM, whose seed is all ones: it is nobody's.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n-----END PRIVATE KEY-----\n";

/// Command lines (words are apart by one space), what stands on standard input, the exit code, and what is said.
const MISTAKES: &[(&str, &str, i32, &str)] = &[
    ("", "", 1, "Usage: eec-authn"),
    ("nosuch", "", 1, "unrecognized subcommand 'nosuch'"),
    ("--json", "", 1, "requires a subcommand"),
    ("check", "", 1, "<FILE>..."),
    ("check --stric filter.json", "", 1, "a similar argument exists: '--strict'"),
    ("explain", "", 1, "--config <FILE>"),
    ("explain --config absent", "", 1, "cannot read absent: No such file or directory"),
    ("explain --config dir", "", 1, "cannot read dir: Is a directory (os error 21); name a file in it"),
    ("explain --config binary", "", 3, "binary: error: configuration: is not JSON: not UTF-8"),
    ("explain --config empty", "", 3, "empty: error: configuration: is empty"),
    ("explain --config -", "", 3, "-: error: configuration: is empty"),
    ("explain --config filter.json --token @absent", "", 1, "cannot read absent: No such file"),
    ("explain --config filter.json --token @", "", 1, "`@` names no file; write @FILE"),
    ("explain --config filter.json --token @binary", "", 1, "cannot read binary: it is not text in UTF-8"),
    ("explain --config filter.json --token @empty", "", 1, "empty is empty; give the text, @FILE, or `-`"),
    ("explain --config filter.json --token -", "\n", 1, "standard input is empty"),
    ("explain --config filter.json --token=", "", 1, "the argument is empty"),
    ("explain --config filter.json --proof x", "", 1, "--token <TEXT|@FILE|->"),
    ("explain --config filter.json --body dir", "", 1, "cannot read dir: Is a directory"),
    ("explain --config filter.json --answer absent", "", 1, "cannot read absent"),
    (
        "explain --config filter.json --jwks filter.json",
        "",
        1,
        "no server in the configuration has a `jwks_remote`",
    ),
    ("explain --config filter.json --client-certificate filter.json", "", 1, "no certificate in filter.json"),
    ("explain --config filter.json --now yesterday", "", 1, "give a time such as 2026-11-01T00:00:00Z"),
    ("explain --config filter.json --now 1e400", "", 1, "give a time such as"),
    ("inspect", "", 1, "<TEXT|@FILE|->"),
    ("inspect -", "", 1, "standard input is empty"),
    ("inspect @dir", "", 1, "cannot read dir: Is a directory"),
    ("inspect opaque", "", 1, "neither a JWT (three parts), nor PEM, nor a JWK"),
    ("inspect a.b.c", "", 1, "the header is not base64url"),
    ("inspect -", "Bearer a.b.c", 1, "give what comes behind `Bearer` alone"),
    ("inspect -", "authorization: DPoP a.b.c", 1, "give what comes behind `DPoP` alone"),
    ("explain --config filter.json --token -", "bearer a.b.c\n", 1, "give what comes behind `bearer` alone"),
    ("explain --config filter.json --token a.b.c --proof -", "DPoP: a.b.c", 1, "behind `DPoP` alone"),
    (
        "dpop --key key --method GET --url https://a/ --token -",
        "DPoP a",
        1,
        "give what comes behind `DPoP` alone",
    ),
    ("inspect @der", "", 1, "it may be DER: `openssl x509 -inform der` makes PEM"),
    ("inspect @short", "", 1, "`openssl pkey -pubin -inform der` of a public key"),
    (
        "explain --config -",
        "protects:\n  role: ees\n",
        3,
        "column 1; JSON begins with `{`; if this is YAML, make it JSON first",
    ),
    ("explain --config -", "{role: ees}", 3, "column 2; mend it there"),
    ("inspect {", "", 1, "not a JWK"),
    ("inspect @pem", "", 1, "this is private key material, which is nobody's business here"),
    ("inspect @key", "", 1, "this is private key material, which is nobody's business here"),
    ("inspect --config filter.json @entry", "", 1, "`--config` tells of tokens"),
    ("keygen", "", 1, "--out <FILE>"),
    ("keygen --out key", "", 1, "cannot write key: File exists (os error 17); --force overwrites it"),
    ("keygen --out dir --force", "", 1, "it is a directory"),
    ("keygen --out absent/key", "", 1, "cannot write absent/key: No such file or directory"),
    ("keygen --out new --alg RS512", "", 1, "[possible values: EdDSA, ES256, ES384, RS256, PS256]"),
    ("mint --key key --iss a --sub b", "", 1, "--aud <FQDN>"),
    ("mint --iss a --sub b --aud c --key pem", "", 1, "pem: the key is PEM, and this wants a private JWK"),
    ("mint --iss a --sub b --aud c --key binary", "", 1, "cannot read binary: it is not text in UTF-8"),
    (
        "mint --iss a --sub b --aud c --key entry",
        "",
        1,
        "entry: the key is a public one, which signs nothing",
    ),
    ("mint --iss a --sub b --aud c --key key --claims {", "", 1, "--claims <JSON>': not a JSON object"),
    ("mint --iss a --sub b --aud c --key key --lifetime 1e9", "", 1, "--lifetime <SECONDS>"),
    ("mint --iss a --sub b --aud c --key key --dpop-key absent", "", 1, "cannot read absent"),
    ("dpop --key key --token x", "", 1, "--url <URL>"),
    ("dpop --key key --token x --url ees1", "", 1, "give the request's whole URL, such as https://"),
    ("dpop --key key --token x --url https:///path", "", 1, "give the request's whole URL"),
    ("dpop --key key --token - --url https://a/b", "", 1, "standard input is empty"),
    ("render", "", 1, "<PLATFORM>"),
    ("render envoy --config dir", "", 1, "cannot read dir: Is a directory"),
    ("render envoy --config empty", "", 3, "empty: error: configuration: is empty"),
    ("schema filter.json", "", 1, "unexpected argument 'filter.json'"),
    (
        "seal --config filter.json --eec-id e /x",
        "",
        1,
        "the configuration has no `ownership`: nothing is sealed",
    ),
    ("unseal --config absent --eec-id e /x", "", 1, "cannot read absent"),
    ("completions powershell", "", 1, "[possible values: bash, zsh, fish]"),
    ("conformance", "", 1, "--target <URL>"),
    ("conformance --list --role eas", "", 1, "[possible values: ees, ecs]"),
    (
        "conformance --role ees --iss a --aud b --key key --target ees1",
        "",
        1,
        "is neither https nor, on loopback, http",
    ),
    ("conformance --role ees --iss a --aud b --key pem --target http://127.0.0.1:1", "", 1, "the key is PEM"),
    (
        "conformance --role ees --iss a --aud b --key key --target http://127.0.0.1:1 --junit dir",
        "",
        1,
        "cannot write dir: Is a directory",
    ),
    (
        "conformance --role ees --iss a --aud b --key key --target http://127.0.0.1:1",
        "",
        1,
        "Connection refused",
    ),
    (
        "dev-entitlement-server --listen localhost",
        "",
        1,
        "give an IP address and a port, such as 127.0.0.1:8080",
    ),
    ("dev-entitlement-server --fqdn a:b", "", 1, "--fqdn <FQDN>"),
    ("dev-entitlement-server --lifetime 1h", "", 1, "give whole seconds without a unit, such as 3600"),
    ("dev-entitlement-server --lifetime 0", "", 1, "give at least 1"),
    ("inspect certificate", "", 1, "`certificate` is a file; @FILE reads one: write @certificate"),
    ("inspect absent", "", 1, "an opaque token says nothing, and @FILE reads a file"),
    ("explain --config filter.json --token entry", "", 1, "`entry` is a file; @FILE reads one: write @entry"),
    (
        "explain --config filter.json --body {\"eecId\":\"eec-1\"}",
        "",
        1,
        "No such file or directory (os error 2); this wants a file, and not the text itself",
    ),
    ("explain --config filter.json --answer absent", "", 1, "No such file or directory (os error 2)\n"),
    ("explain --config certificate", "", 3, "is PEM; pin it as `certificate_pem` in an entry of `keys`"),
    ("explain --config public", "", 3, "is PEM; pin it as `public_key_pem` in an entry of `keys`"),
    ("explain --config pem", "", 3, "is a private key, which belongs into no configuration"),
    ("mint --iss a --sub b --aud c --key empty", "", 1, "empty is empty; give the file that `keygen --out`"),
    (
        "mint --iss a --sub b --aud c --key key --lifetime 1h",
        "",
        1,
        "give whole seconds without a unit, such as 3600",
    ),
    (
        "mint --iss a --sub b --aud c --key key --claims jti:null",
        "",
        1,
        "not a JSON object: expected value at line 1 column 1; write one such as '{\"jti\": null}'",
    ),
    ("keygen --out new --alg HS256", "", 1, "use one of EdDSA, ES256, ES384, RS256, PS256"),
    ("keygen --out new --alg hs512", "", 1, "whoever can check them can make them"),
    ("keygen --out absent/key --force", "", 1, "(os error 2); the directory must exist"),
    ("keygen --out absent/key", "", 1, "(os error 2); the directory must exist"),
    (
        "render envoy --config filter.json --out absent/x",
        "",
        1,
        "cannot write absent/x: No such file or directory (os error 2); the directory must exist",
    ),
    (
        "conformance --role ees --iss a --aud b --key key --target https://ees1.invalid",
        "",
        1,
        "--connect ADDRESS:PORT says where it is",
    ),
];

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.args(line.split(' ').filter(|word| !word.is_empty())).current_dir(folder);
    command
}

fn with_input(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the command starts");
    // Who does not read it has ended by now, which is no fault here.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("dir")).expect("a directory");
    fs::write(path("filter.json"), config(&[&Key::new(1)]).to_string()).expect("a file");
    fs::write(path("binary"), [0, 159, 146, 150, 255]).expect("a file");
    // The beginning of a certificate.
    fs::write(path("der"), [0x30, 0x82, 0x01, 0x3a, 0x30, 0x81, 0xed]).expect("a file");
    fs::write(path("short"), [0x30, 0x03, 0x01, 0xff, 0xfe]).expect("a file");
    fs::write(path("empty"), "").expect("a file");
    fs::write(path("pem"), PEM).expect("a file");
    let nobody = ["CERTIFICATE", "PUBLIC KEY"]
        .map(|what| format!("-----BEGIN {what}-----\nAAAA\n-----END {what}-----\n"));
    for (name, text) in ["certificate", "public"].iter().zip(nobody) {
        fs::write(path(name), text).expect("a file");
    }
    let made = command(folder.path(), "keygen --out key").output().expect("it runs");
    fs::write(
        path("entry"),
        serde_json::from_slice::<serde_json::Value>(&made.stdout).expect("JSON")["jwk"].to_string(),
    )
    .expect("a file");
    folder
}

#[test]
fn each_is_said_with_the_right_exit_code_and_nothing_is_printed() {
    let folder = folder();
    for (line, input, code, said) in MISTAKES {
        let output = with_input(&mut command(folder.path(), line), input);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(*code), "{line}: {errors}");
        assert!(errors.contains(said), "{line}: no `{said}` in {errors}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{line}");
        assert!(!errors.contains("panicked"), "{line}: {errors}");
    }
    assert!(!folder.path().join("new").exists(), "a file for no key");
}

#[test]
fn standard_input_is_a_file_like_others() {
    let folder = folder();
    let filter = config(&[&Key::new(1)]).to_string();
    let output = with_input(&mut command(folder.path(), "check -"), &filter);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("-: valid, "));
    let output = with_input(&mut command(folder.path(), "check -"), "{");
    assert_eq!(output.status.code(), Some(3));
}

/// Verbs with something to print.
fn printing() -> Vec<String> {
    let mint = format!("mint --key key --iss {ISSUER} --sub eec-1 --aud {FQDN}");
    let lines =
        ["check filter.json", "explain --config filter.json", "inspect @entry", "schema", "completions bash"];
    let more =
        ["conformance --list", "render envoy --config filter.json", "keygen --force --out other", &mint];
    lines.into_iter().chain(more).map(str::to_owned).collect()
}

#[test]
fn who_does_not_listen_gets_no_panic() {
    let folder = folder();
    for line in printing() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = command(folder.path(), &line);
        let output = command.stdout(Stdio::from(writer)).stderr(Stdio::piped()).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), &*errors),
            (Some(1), "error: cannot print: Broken pipe (os error 32)\n"),
            "{line}"
        );

        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let mut again = self::command(folder.path(), &line);
        let output = again.stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(errors.starts_with("error: cannot print: No space left on device"), "{line}: {errors}");
    }
    // Nobody listens to the error either.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = command(folder.path(), "explain --config binary");
    let status = command.stdin(Stdio::null()).stderr(Stdio::from(writer)).status().expect("it runs");
    assert_eq!(status.code(), Some(3));
}

#[test]
fn what_may_not_be_read_or_written_is_said() {
    let folder = folder();
    let path = folder.path();
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("its mode");
    fs::set_permissions(path.join("filter.json"), Permissions::from_mode(0o000)).expect("its mode");
    fs::set_permissions(path.join("dir"), Permissions::from_mode(0o555)).expect("its mode");
    let program = path.join("program");
    // A copy that everybody can run. Made by a process of its own: written by this one, whatever another test starts meanwhile has it open
    // for writing, and it is "busy".
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_eec-authn")).arg(&program).status();
    assert!(copied.expect("cp runs").success());
    let run = |line: &str| {
        let mut command = Command::new(&program);
        command.args(line.split(' ')).current_dir(path);
        if fs::metadata("/proc/self").expect("this process").uid() == 0 {
            // Whom permissions do not stop runs it as nobody.
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let unread = "error: cannot read filter.json: Permission denied (os error 13); let this user read it\n";
    assert_eq!(run("explain --config filter.json"), (Some(1), unread.into()));
    assert_eq!(run("check filter.json").0, Some(1));
    assert_eq!(
        run("keygen --out dir/key"),
        (Some(1), "error: cannot write dir/key: Permission denied (os error 13)\n".into())
    );
    fs::set_permissions(path.join("filter.json"), Permissions::from_mode(0o444)).expect("its mode");
    assert_eq!(
        run("render envoy --config filter.json --out dir/filter.yaml"),
        (Some(1), "error: cannot write dir/filter.yaml: Permission denied (os error 13)\n".into())
    );
}
