//! Namespaces of Linux around a platform: a network in which fixed ports meet nothing, files that only it sees, and processes that the
//! kernel ends with the first of them, even if that is killed. No container engine; but root, who alone may make them everywhere.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Addresses of pods; all are this machine.
pub const POD_NETWORK: &str = "10.1.0";
const PODS: u8 = 11;

/// Runs this program again inside namespaces of its own, with `variable` set to `value`; whether it ended well.
pub fn run(folder: &Path, variable: &str, value: &str) -> bool {
    let own = std::env::current_exe().expect("this program");
    assert!(
        is_root(),
        "the stories of the mesh run in namespaces of Linux, which takes root: run them with sudo"
    );
    let mut command = Command::new("unshare");
    command.args(["--net", "--pid", "--mount", "--ipc", "--fork", "--kill-child", "--mount-proc"]);
    command.arg(own).args(std::env::args_os().skip(1)).env(variable, value).env("TMPDIR", folder.join("tmp"));
    fs::create_dir_all(folder.join("tmp")).expect("a folder");
    // The pipe is how it learns that this process is gone.
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("unshare: {e}; it comes with util-linux"));
    // Taken, so that waiting does not close it.
    let pipe = child.stdin.take();
    let status = child.wait().expect("it ends");
    drop(pipe);
    status.success()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id runs");
    output.stdout == b"0\n"
}

/// Makes the inside habitable: loopback, addresses of pods, and a root directory in which the folders that the programs insist on are
/// its own.
pub fn furnish(folder: &Path) {
    ip(&["link", "set", "lo", "up"]);
    for pod in 1..=PODS {
        ip(&["address", "add", &format!("{POD_NETWORK}.{pod}/32"), "dev", "lo"]);
    }
    let root = folder.join("root");
    fs::create_dir_all(&root).expect("a folder");
    // `/var/lib` is opened up the same way: a build may lie below it.
    mirror(Path::new("/"), &root);
    for below in ["var", "var/lib"] {
        mirror(&Path::new("/").join(below), &root.join(below));
    }
    for own in ["certs", "sds", "var/lib/istio/data", "var/lib/eg/wasm"] {
        fs::create_dir_all(root.join(own)).expect("a folder of its own");
    }
    let here = std::env::current_dir().expect("a directory");
    std::os::unix::fs::chroot(&root).expect("another root");
    std::env::set_current_dir(here).expect("the same directory");
}

/// What istio-init does in a pod: what is sent to its port goes to the sidecar's, and what the sidecar sends on to the server.
pub fn redirect(pod: u8, port: u16, sidecar: u16, server: SocketAddr) {
    let (address, port) = (format!("{POD_NETWORK}.{pod}"), port.to_string());
    let common = ["-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-d", &address, "--dport", &port];
    // Sidecars send from this address.
    let from = ["-s", "127.0.0.6", "-j", "DNAT", "--to-destination", &server.to_string()];
    done("iptables", &[&common[..], &from].concat());
    done(
        "iptables",
        &[&common[..], &["!", "-s", "127.0.0.6", "-j", "REDIRECT", "--to-ports", &sidecar.to_string()]]
            .concat(),
    );
}

/// Adds a name to `/etc/hosts` of the inside alone.
pub fn name_is_here(folder: &Path, names: &[&str]) {
    let hosts = folder.join("hosts");
    let lines: String = names.iter().map(|name| format!("127.0.0.1 {name}\n")).collect();
    fs::write(&hosts, format!("127.0.0.1 localhost\n{lines}")).expect("a file");
    mount(&["--bind", &hosts.display().to_string(), "/etc/hosts"]);
}

/// An empty file system at `to`, with everything of `from` in it.
fn mirror(from: &Path, to: &Path) {
    let entries: Vec<PathBuf> = fs::read_dir(from).expect("a folder").flatten().map(|e| e.path()).collect();
    mount(&["-t", "tmpfs", "tmpfs", &to.display().to_string()]);
    for entry in entries {
        let there = to.join(entry.file_name().expect("a name"));
        let Ok(kind) = entry.symlink_metadata() else { continue };
        if kind.is_symlink() {
            symlink(fs::read_link(&entry).expect("a link"), there).expect("a link");
            continue;
        }
        match kind.is_dir() {
            true => fs::create_dir(&there).expect("a folder"),
            false => drop(fs::File::create(&there).expect("a file")),
        }
        mount(&["--rbind", &entry.display().to_string(), &there.display().to_string()]);
    }
}

fn mount(arguments: &[&str]) {
    done("mount", arguments);
}

fn ip(arguments: &[&str]) {
    done("ip", arguments);
}

fn done(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}; run `make mesh-tools`"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
