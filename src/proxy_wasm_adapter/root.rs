//! The plugin in one worker: its configuration and what all requests share.

use super::hostcalls::{self, Buffer, Level};
use super::http::HttpFilter;
use super::statistics::Statistics;
use crate::config::{self, Loaded};
use crate::policy::Policy;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::rc::Rc;

/// What all requests of one configuration share. A request keeps the one it started with.
pub(super) struct Shared {
    pub(super) policy: Rc<Policy>,
    pub(super) statistics: Statistics,
}

/// The root context.
#[derive(Default)]
pub(super) struct Root {
    shared: Option<Rc<Shared>>,
}

impl Context for Root {}

impl RootContext for Root {
    /// `false` makes Envoy reject the update and keep the configuration it has.
    fn on_configure(&mut self, size: usize) -> bool {
        let bytes = hostcalls::buffer(Buffer::PluginConfiguration, size).unwrap_or_default();
        match config::parse(&bytes) {
            Ok(Loaded { policy, warnings }) => {
                for warning in warnings {
                    hostcalls::log(Level::Warn, &format!("eec_authn: configuration: {warning}"));
                }
                self.shared =
                    Some(Rc::new(Shared { policy: Rc::new(policy), statistics: Statistics::define() }));
                true
            }
            Err(errors) => {
                for error in &errors {
                    hostcalls::log(Level::Error, &format!("eec_authn: configuration refused: {error}"));
                }
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(HttpFilter::new(self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
