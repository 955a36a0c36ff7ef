//! Files that `render` and `keygen` write: as a whole, in the place of files alone, and keys for their owner alone.

use crate::support::fixture::config;
use crate::support::token::Key;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

const RENDER: [&str; 5] = ["render", "envoy", "--config", "filter.json", "--out"];
const KEYGEN: [&str; 3] = ["keygen", "--force", "--out"];

fn run(folder: &Path, order: &[&str], out: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.args(order).arg(out).current_dir(folder).output().expect("the command runs")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("filter.json"), config(&[&Key::new(1)]).to_string()).expect("a file");
    folder
}

fn pipe(folder: &Path) {
    let made = Command::new("mkfifo").arg("pipe").current_dir(folder).status();
    assert!(made.expect("mkfifo runs").success());
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_written_goes_through_a_pipe_that_stays_one() {
    let folder = folder();
    let folder = folder.path();
    pipe(folder);
    let (told, read) = std::sync::mpsc::channel();
    let end = folder.join("pipe");
    std::thread::spawn(move || told.send(fs::read_to_string(end)));
    let output = run(folder, &RENDER, "pipe");
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert!(fs::metadata(folder.join("pipe")).expect("it is there").file_type().is_fifo(), "a pipe still");
    let read = read.recv().expect("a reader").expect("a text");
    assert!(read.contains("ees1.edge.example.net"), "{read}");
    // As of a shell: standard output is a pipe here.
    let output = run(folder, &RENDER, "/dev/stdout");
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), read);
}

#[test]
fn a_key_is_written_to_no_pipe() {
    let folder = folder();
    let folder = folder.path();
    pipe(folder);
    fs::set_permissions(folder.join("pipe"), fs::Permissions::from_mode(0o640)).expect("permissions");
    // With a reader, so that nothing would wait for one.
    let reader = fs::OpenOptions::new().read(true).write(true).open(folder.join("pipe"));
    let output = run(folder, &KEYGEN, "pipe");
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("cannot write pipe: it is no regular file"), "{}", error(&output));
    let found = fs::metadata(folder.join("pipe")).expect("it is there");
    assert!(found.file_type().is_fifo() && found.mode() & 0o777 == 0o640, "as it was");
    drop(reader);
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let folder = folder();
    let folder = folder.path();
    for (name, order) in [("yaml", &RENDER[..]), ("key", &KEYGEN)] {
        let (link, file) = (folder.join(format!("{name}.link")), folder.join(format!("below/{name}")));
        fs::create_dir_all(folder.join("below")).expect("a folder");
        fs::write(&file, "old").expect("a file");
        symlink(format!("below/{name}"), &link).expect("a link");
        let output = run(folder, order, &format!("{name}.link"));
        assert_eq!(output.status.code(), Some(0), "{}", error(&output));
        assert!(link.is_symlink(), "{name}");
        assert!(fs::read_to_string(&file).expect("a file").len() > 10, "{name}");
        symlink("nothing", folder.join(format!("{name}.nowhere"))).expect("a link");
        let output = run(folder, order, &format!("{name}.nowhere"));
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(error(&output).contains("a link to nothing"), "{}", error(&output));
    }
    let left: Vec<_> = fs::read_dir(folder.join("below")).expect("a folder").collect();
    assert_eq!(left.len(), 2, "nothing is left beside them: {left:?}");
}

#[test]
fn a_key_in_the_place_of_another_file_is_another_file() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("key"), "old").expect("a file");
    fs::set_permissions(folder.join("key"), fs::Permissions::from_mode(0o644)).expect("permissions");
    // Who has it open, or another name for it, does not get the key.
    fs::hard_link(folder.join("key"), folder.join("other")).expect("a link");
    let output = run(folder, &KEYGEN, "key");
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(fs::metadata(folder.join("key")).expect("a file").mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(folder.join("other")).expect("a file"), "old");
    assert_eq!(run(folder, &["keygen", "--out"], "key").status.code(), Some(1), "never without --force");
}
