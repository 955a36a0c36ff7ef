//! Where the host starts the module.

// `main!` expands to an exported function, which the lint counts as unsafe code.
#![allow(unsafe_code, missing_docs)]

use super::root::Root;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|id| Box::new(Root::new(id)));
}}
