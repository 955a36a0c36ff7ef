//! `docs/upgrading.md`: another module under the same configuration, there and back under load.

use super::push::{Load, delete};
use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::find;
use crate::support::fixture::config;
use crate::support::h1;
use crate::support::token::{Key, claims};
use crate::support::upstream::Upstream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The module with a section more, which says nothing: other bytes, so another module to Envoy.
fn another(folder: &Path) -> PathBuf {
    let mut module = std::fs::read(find::module()).expect("the module");
    module.extend(b"\x00\x08\x07another");
    let path = folder.join("another.wasm");
    std::fs::write(&path, module).expect("it is written");
    path
}

fn there_and_back(ecds: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (find::module(), another(folder.path()));
    let broken = folder.path().join("broken.wasm");
    std::fs::write(&broken, &std::fs::read(&new).expect("the module")[..100_000]).expect("it is written");
    let (key, forged, upstream) = (Key::new(1), Key::new(9), Upstream::start());
    let filter = config(&[&key]);
    let with = |module: &Path| {
        let configuration = Configuration::Text(filter.to_string());
        let setup = Setup::new(Some(configuration), upstream.address).concurrency(2).module(module);
        if ecds { setup.ecds() } else { setup }
    };
    let mut envoy = Envoy::start(&with(old));
    let address = Arc::new(Mutex::new(envoy.address()));
    let good = key.token(&claims());
    let bad = forged.token_with(&key.header(), &claims());
    let loads = [
        ("good", Load::start(Arc::clone(&address), good.clone(), 201, !ecds)),
        ("bad", Load::start(Arc::clone(&address), bad, 401, !ecds)),
    ];
    let created = |envoy: &Envoy| envoy.stat("wasm.envoy.wasm.runtime.v8.created").expect("VMs are counted");
    for (name, module) in [("new", &*new), ("old", old), ("new again", &new)] {
        let before = created(&envoy);
        assert!(matches!(envoy.push(&with(module)), Push::Live), "{name}: refused");
        *address.lock().expect("the address") = envoy.address();
        assert_eq!(h1::exchange(envoy.address(), &delete(&good)).expect("an answer").status, 201, "{name}");
        assert!(created(&envoy) > before, "{name}: no VM of its own");
        // Half a module, as it is while somebody writes over it.
        assert!(matches!(envoy.push(&with(&broken)), Push::Refused(_)), "{name}: half a module was taken");
        assert_eq!(h1::exchange(envoy.address(), &delete(&good)).expect("an answer").status, 201, "{name}");
    }
    loads.into_iter().for_each(|(name, load)| load.finish(name));
}

#[test]
fn by_extension_discovery_another_module_comes_and_goes_under_load() {
    there_and_back(true);
}

#[test]
fn by_listener_discovery_another_module_comes_and_goes_under_load() {
    there_and_back(false);
}
