//! The filter's images in a real registry, behind a gate: a test holds it shut (a registry that is slow), or ends what comes there (one
//! that is away).

use crate::fixture::registry::{Registry, layout};
use crate::harness::Run;
use crate::support::find;
use std::fs;
use std::io::copy;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// The registry, with the image of this version in it.
pub struct Images {
    registry: Registry,
    run: std::path::PathBuf,
    gate: Arc<(Mutex<bool>, Condvar)>,
    waiting: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
    /// Where clients reach it.
    pub address: SocketAddr,
    /// The digest of the image, without `sha256:`.
    pub digest: String,
}

impl Images {
    /// Starts the registry and puts the image there under the name that the shipped files use.
    pub fn start(run: &Run) -> Images {
        let registry = Registry::start();
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let (waiting, away) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (held, behind, counted) = (Arc::clone(&gate), registry.address, Arc::clone(&waiting));
        let ended = Arc::clone(&away);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    continue;
                }
                let (held, counted) = (Arc::clone(&held), Arc::clone(&counted));
                std::thread::spawn(move || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    drop(
                        held.1.wait_while(held.0.lock().expect("the gate"), |shut| *shut).expect("the gate"),
                    );
                    counted.fetch_sub(1, Ordering::Relaxed);
                    pass(&client, behind);
                });
            }
        });
        let folder = run.folder.clone();
        let mut images =
            Images { registry, run: folder, gate, waiting, away, address, digest: String::new() };
        images.digest = images.put(find::module(), env!("CARGO_PKG_VERSION"));
        run.progress("the image is in the registry");
        images
    }

    /// Puts an image of this module there under a tag; its digest.
    pub fn put(&self, module: &Path, tag: &str) -> String {
        let folder = self.run.join("images").join(tag);
        let digest = layout(module, tag, &folder.join("oci"));
        let from = format!("oci:{}:{tag}", folder.join("oci").display());
        self.registry.copy(&from, &format!("docker://{}/edge/eec-authn:{tag}", self.registry.address));
        digest.trim_start_matches("sha256:").to_owned()
    }

    /// An image of the next version: the same code, and a section more, so that module and image are other ones.
    pub fn put_next(&self, tag: &str) -> String {
        self.put_marked(tag, *b"next")
    }

    /// An image under its true digest, for whose layer the registry sends another one: as long, and as sound.
    pub fn put_with_another_layer(&self, tag: &str) -> String {
        let digest = self.put_marked(tag, *b"true");
        self.put_marked("another", *b"fake");
        self.registry.send_the_layer_of("edge/eec-authn", "another", tag);
        digest
    }

    fn put_marked(&self, tag: &str, mark: [u8; 4]) -> String {
        let mut module = fs::read(find::module()).expect("the module");
        // A custom section of this name.
        module.extend([0, 5, 4]);
        module.extend(mark);
        let file = self.run.join(format!("next-{tag}.wasm"));
        fs::write(&file, module).expect("a file");
        self.put(&file, tag)
    }

    /// Another image under the same tag: that of before has its digest alone from now on. Both digests.
    pub fn put_another_under(&self, tag: &str) -> [String; 2] {
        [*b"true", *b"fake"].map(|mark| self.put_marked(tag, mark))
    }

    /// A registry that has the same images behind a password.
    pub fn guarded(&self, realm: &str) -> Registry {
        self.registry.guarded(realm)
    }

    /// Whether the registry is away: connections end before an answer.
    pub fn away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// From now on who asks gets no answer, until [`Images::open`].
    pub fn shut(&self) {
        *self.gate.0.lock().expect("the gate") = true;
    }

    /// How many wait at the gate.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Lets those who wait, and everybody from now on, through.
    pub fn open(&self) {
        *self.gate.0.lock().expect("the gate") = false;
        self.gate.1.notify_all();
    }
}

/// Bytes both ways.
fn pass(client: &TcpStream, behind: SocketAddr) {
    let Ok(server) = TcpStream::connect(behind) else { return };
    let (Ok(mut from), Ok(mut to)) = (client.try_clone(), server.try_clone()) else { return };
    std::thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let _ = copy(&mut from, &mut to);
    let _ = client.shutdown(std::net::Shutdown::Both);
}
