//! The documents lead where they say: every relative link to a file, every anchor to a heading, also from comments;
//! every verb of `make` to the Makefile.

use crate::support::find;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is not of this repository, or made by a build.
const FOREIGN: &[&str] =
    &[".git", ".venv", ".tools", "target", "dist", "corpus", "artifacts", "node_modules"];

pub(super) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && !path.is_symlink() && !FOREIGN.contains(&name.as_str()) {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

/// The text without its code blocks and code spans: what stands there is no link.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced && !line.starts_with("    ")
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// What stands in `](…)`.
fn links(text: &str) -> Vec<String> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|part| Some(part.split_once(')')?.0.to_owned())).collect()
}

/// The anchors of a document: those that it sets itself, and those that a reader's browser gets for headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let set = text.split("<a id=\"").skip(1).filter_map(|part| Some(part.split_once('"')?.0.to_owned()));
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    });
    set.chain(headings).collect()
}

/// Why a link from `document` leads nowhere.
fn broken(document: &Path, link: &str) -> Option<String> {
    if link.starts_with("https://") || link.starts_with("http://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target =
        if file.is_empty() { document.to_owned() } else { document.parent().expect("a folder").join(file) };
    if !target.exists() {
        return Some(format!("{}: ({link}) leads to no file", document.display()));
    }
    let text = || fs::read_to_string(&target).expect("text");
    let known = anchor.is_empty() || anchors(&text()).contains(anchor);
    (!known).then(|| format!("{}: ({link}) leads to no heading", document.display()))
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let documents = files(&find::root(), &[".md"]);
    assert!(documents.len() > 5, "{documents:?}");
    let mut seen = 0;
    let mut wrong = Vec::new();
    for document in documents {
        for link in links(&prose(&fs::read_to_string(&document).expect("text"))) {
            seen += 1;
            wrong.extend(broken(&document, &link));
        }
    }
    assert!(seen > 20, "only {seen} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A link that leads nowhere is found.
    let readme = find::root().join("README.md");
    assert!(
        broken(&readme, "docs/absent.md").is_some() && broken(&readme, "docs/contract.md#absent").is_some()
    );
}

#[test]
fn every_anchor_of_the_contract_that_a_comment_cites_is_there() {
    let root = find::root();
    let known = anchors(&fs::read_to_string(root.join("docs/contract.md")).expect("the contract"));
    for folder in ["src", "tests", "scripts", "envoy"] {
        for file in files(&root.join(folder), &[".rs", ".py", ".sh", ".yaml", ".in", ".json"]) {
            let text = fs::read_to_string(&file).expect("text");
            // The second half is put together, so that this line is no citation.
            for cited in text.split(concat!("contract.md", "#")).skip(1) {
                let anchor: String =
                    cited.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                let here = anchor == "absent" && file.ends_with("documents.rs");
                assert!(here || known.contains(&anchor), "{}: no anchor `{anchor}`", file.display());
            }
        }
    }
}

/// The verbs in the calls of `make` that a text shows: in code spans, in indented lines and in the steps of a workflow.
fn verbs(text: &str) -> Vec<String> {
    let calls =
        ["`make ", "\n    make ", "\nmake ", "run: make "].iter().flat_map(|start| text.split(start).skip(1));
    let words = calls.flat_map(|call| {
        let call = call.split(['`', '\n', '#', ';']).next().unwrap_or_default();
        call.split_whitespace().take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
    });
    words.map(str::to_owned).collect()
}

#[test]
fn every_verb_of_make_that_a_document_or_a_workflow_calls_is_there() {
    let root = find::root();
    let makefile = fs::read_to_string(root.join("Makefile")).expect("the Makefile");
    let explained: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| line.contains("## ") && line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    assert!(explained.contains("test") && explained.len() > 10, "{explained:?}");
    let mut callers = files(&root, &[".md"]);
    callers.extend(files(&root.join(".github"), &[".yml"]));
    callers.push(root.join(".ci/run"));
    let mut seen = BTreeSet::new();
    for caller in callers {
        for verb in verbs(&fs::read_to_string(&caller).expect("text")) {
            // What a verb fetches has a name in the Makefile, too, but no line in its help.
            let thing =
                makefile.lines().any(|l| l.starts_with("THINGS := ") && l.split(' ').any(|t| t == verb));
            assert!(thing || explained.contains(&*verb), "{}: no `make {verb}`", caller.display());
            seen.insert(verb);
        }
    }
    assert!(seen.contains("lint") && seen.contains("dist") && seen.contains("audit"), "{seen:?}");
}

/// The versions of Envoy are listed once; the README names them, and the first and last of their minor versions.
#[test]
fn the_readme_names_the_versions_of_envoy_that_are_tried() {
    let read = |file: &str| fs::read_to_string(find::root().join(file)).expect("text");
    let list = read("scripts/envoy_versions.txt");
    let versions: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let [earlier @ .., last] = versions.as_slice() else { panic!("no version") };
    let minor = |version: &str| version.rsplit_once('.').expect("three numbers").0.to_owned();
    let readme = read("README.md");
    assert!(readme.contains(&format!("with Envoy {} and {last} (", earlier.join(", "))), "{versions:?}");
    assert!(readme.contains(&format!("Envoy {} to {} are supported", minor(earlier[0]), minor(last))));
}

/// The version behind a name of our image.
fn image_tags(text: &str) -> Vec<String> {
    let after = ["eec-authn:", "eec-authn-files:"].into_iter().flat_map(|name| text.split(name).skip(1));
    let tags =
        after.map(|rest| rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default());
    tags.filter(|tag| tag.contains('.')).map(str::to_owned).collect()
}

#[test]
fn every_image_is_named_by_this_version() {
    let root = find::root();
    let mut count = 0;
    for folder in ["docs", "envoy", "examples", "src/cli"] {
        for file in files(&root.join(folder), &[".md", ".rs", ".yaml", ".in"]) {
            for tag in image_tags(&fs::read_to_string(&file).expect("a text")) {
                assert_eq!(tag, env!("CARGO_PKG_VERSION"), "{}", file.display());
                count += 1;
            }
        }
    }
    assert!(count >= 7, "only {count} images were found");
    let policy = fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    assert!(policy.contains(concat!("The latest is ", env!("CARGO_PKG_VERSION"))), "{policy}");
}
