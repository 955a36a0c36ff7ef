//! The streams of this VM, and the host's calls about them.
//!
//! Why not the SDK's dispatcher, which has the root contexts: every request pays for it. It boxes a context for each stream and
//! looks it up in a map at each call. Here a stream is kept from when something more may come of it, which for most is never.
//! `scripts/wasm_module.py` puts each `filter_on_…` in the place of the SDK's `proxy_on_…`.

// What is exported counts as unsafe code, as its name could be somebody else's.
#![allow(unsafe_code)]

use super::hostcalls;
use super::http::{self, AtHeaders, HttpStream};
use super::proxy_host::fail_closed;
use super::shared::Shared;
use crate::plugin_state::StreamId;
use proxy_wasm::types::Action;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The host's number of a root context.
type RootId = u32;

thread_local! {
    static STREAMS: Streams = Streams::default();
}

#[derive(Default)]
struct Streams {
    /// The root contexts, each with its configuration once it has one; hardly ever more than one.
    roots: RefCell<Vec<(RootId, Option<Rc<Shared>>)>>,
    /// Streams that have not begun yet, with their root contexts: the host begins each right after creating it.
    created: RefCell<Vec<(StreamId, RootId)>>,
    /// Streams for which something more may come.
    kept: RefCell<HashMap<StreamId, Rc<HttpStream>>>,
}

/// From now on, streams of `root` are decided by this.
pub(super) fn serve(root: RootId, shared: &Rc<Shared>) {
    STREAMS.with(|streams| {
        let mut roots = streams.roots.borrow_mut();
        if let Some((_, current)) = roots.iter_mut().find(|(id, _)| *id == root) {
            *current = Some(Rc::clone(shared));
        }
    });
}

impl Streams {
    /// The configuration that a stream which begins now is decided by; `None` without an accepted one, which a sound host does not
    /// let happen.
    fn begin(&self, stream: StreamId) -> Option<Rc<Shared>> {
        let mut created = self.created.borrow_mut();
        let place = created.iter().rposition(|(id, _)| *id == stream)?;
        let (_, root) = created.swap_remove(place);
        let roots = self.roots.borrow();
        roots.iter().find(|(id, _)| *id == root).and_then(|(_, shared)| shared.clone())
    }

    /// A stream that is kept. Nothing stays borrowed: what is done about one stream may make the host call about another.
    fn kept(&self, stream: StreamId) -> Option<Rc<HttpStream>> {
        self.kept.borrow().get(&stream).cloned()
    }

    /// A context is gone. Whether it was a root context.
    fn delete(&self, context: u32) -> bool {
        // Both end with this function, when nothing is borrowed any more: what they leave may make the host call.
        let _stream = self.kept.borrow_mut().remove(&context);
        let root = {
            let mut roots = self.roots.borrow_mut();
            roots.iter().position(|(id, _)| *id == context).map(|place| roots.swap_remove(place))
        };
        self.created.borrow_mut().retain(|(id, _)| *id != context);
        root.is_some()
    }
}

#[unsafe(no_mangle)]
extern "C" fn filter_on_context_create(context: u32, root: RootId) {
    STREAMS.with(|streams| match root {
        0 => {
            streams.roots.borrow_mut().push((context, None));
            hostcalls::proxy_on_context_create(context, root);
        }
        _ => streams.created.borrow_mut().push((context, root)),
    });
}

#[unsafe(no_mangle)]
extern "C" fn filter_on_request_headers(stream: StreamId, _count: usize, end_of_stream: bool) -> AtHeaders {
    STREAMS.with(|streams| {
        let Some(shared) = streams.begin(stream) else { return fail_closed().into() };
        let (action, kept) = http::on_request_headers(shared, stream, end_of_stream);
        if let Some(kept) = kept {
            streams.kept.borrow_mut().insert(stream, Rc::new(kept));
        }
        action
    })
}

#[unsafe(no_mangle)]
extern "C" fn filter_on_request_body(stream: StreamId, size: usize, end_of_stream: bool) -> Action {
    STREAMS
        .with(|streams| streams.kept(stream))
        .map_or_else(fail_closed, |kept| kept.on_request_body(size, end_of_stream))
}

#[unsafe(no_mangle)]
extern "C" fn filter_on_request_trailers(stream: StreamId, _count: usize) -> Action {
    STREAMS.with(|streams| streams.kept(stream)).map_or_else(fail_closed, |kept| kept.on_request_trailers())
}

#[unsafe(no_mangle)]
extern "C" fn filter_on_response_headers(stream: StreamId, _count: usize, _end_of_stream: bool) -> Action {
    if let Some(kept) = STREAMS.with(|streams| streams.kept(stream)) {
        kept.on_response_headers();
    }
    Action::Continue
}

#[unsafe(no_mangle)]
extern "C" fn filter_on_delete(context: u32) {
    if STREAMS.with(|streams| streams.delete(context)) {
        hostcalls::proxy_on_delete(context);
    }
}
