//! How stories are run: each platform in a process and namespaces of its own, one after the other.

pub mod namespaces;
pub mod part;
pub mod story;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use story::Wanted;

/// A platform: its name, the names of its stories, and what builds its cluster and tells those that are wanted.
pub struct Platform {
    pub name: &'static str,
    pub stories: fn() -> Vec<String>,
    pub tell: fn(&Run, Wanted<'_>) -> story::Outcome,
}

/// One run of a platform's stories.
#[derive(Clone)]
pub struct Run {
    /// Logs and files of all parts; kept until the next run.
    pub folder: PathBuf,
    begin: Instant,
}

impl Run {
    /// Tells whoever watches how far it is.
    pub fn progress(&self, what: &str) {
        println!("    {:5.1} s  {what}", self.begin.elapsed().as_secs_f32());
    }
}

/// Says inside the namespaces which platform it is.
const INSIDE: &str = "EEC_AUTHN_MESH_PLATFORM";

/// Says that it is wanted: a plain `cargo test` must not build clusters.
const ASKED: &str = "EEC_AUTHN_MESH";

/// The whole test binary.
pub fn main(platforms: &[Platform]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted =
        |name: &str| arguments.is_empty() || arguments.iter().any(|part| name.contains(part.as_str()));
    if arguments.is_empty() && std::env::var_os(ASKED).is_none() {
        println!(
            "\nthe stories of the mesh are LEFT OUT: `make test-mesh` runs them\n\ntest result: ok. 0 passed; 0 failed; 0 ignored"
        );
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|word| word == "--list") {
        platforms.iter().flat_map(|p| (p.stories)()).for_each(|name| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    match std::env::var(INSIDE) {
        Ok(name) => {
            let platform = platforms.iter().find(|p| p.name == name).expect("a platform");
            inside(platform, &wanted)
        }
        Err(_) => outside(platforms, &wanted),
    }
}

fn folder(platform: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("mesh").join(platform)
}

/// Another run has the same folder: this one waits for it. The lock goes with the process.
fn alone(folder: &Path) -> File {
    std::fs::create_dir_all(folder.parent().expect("a folder")).expect("a folder below target");
    let file = File::create(folder.with_extension("lock")).expect("a file");
    if file.try_lock().is_err() {
        println!("another run is under way in {}: waiting for it", folder.display());
        file.lock().expect("a lock");
    }
    file
}

fn outside(platforms: &[Platform], wanted: Wanted<'_>) -> ExitCode {
    let chosen: Vec<&Platform> =
        platforms.iter().filter(|p| (p.stories)().iter().any(|story| wanted(story))).collect();
    if chosen.is_empty() {
        println!("\nno story of the mesh has such a name\n\ntest result: ok. 0 passed; 0 failed; 0 ignored");
    }
    let mut green = true;
    for platform in chosen {
        let folder = folder(platform.name);
        let _one = alone(&folder);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder below target");
        green &= namespaces::run(&folder, INSIDE, platform.name);
    }
    if green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn inside(platform: &Platform, wanted: Wanted<'_>) -> ExitCode {
    // Whoever started this holds the other end, and is gone if it closes: everything here ends with this process.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(130);
    });
    // Where it was is enough: what is behind it is this harness.
    std::panic::set_hook(Box::new(|panic| eprintln!("\n{panic}\n")));
    let folder = folder(platform.name);
    namespaces::furnish(&folder);
    let run = Run { folder, begin: Instant::now() };
    println!("\nrunning the stories of {}; logs of all parts are in {}", platform.name, run.folder.display());
    let outcome = (platform.tell)(&run, wanted);
    outcome.report(&run.folder);
    // Not by returning: what is left of the cluster need not be taken down piece by piece.
    std::process::exit(i32::from(!outcome.green()))
}
