//! The host functions that the filter calls, one function each.
//!
//! Why not the SDK's: its wrappers panic on an unexpected status, decode header values as UTF-8 (one stray
//! byte would kill the VM), copy the header map into two allocations a header, and pass no response code
//! details. Here a call that fails yields nothing, and the caller decides what that means.
//!
//! Safety: every pointer handed out is that of a live slice with its length; every pointer received was
//! allocated by `proxy_on_memory_allocate` of the SDK, as a boxed slice of just that length.

#![allow(unsafe_code)]

mod abi;

use crate::exchange::Grant;
use crate::host::Failed;
use crate::shared_map::{Put, Read};
use std::ptr::null_mut;
use std::time::Duration;

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const CAS_MISMATCH: u32 = 8;

/// Which header map is meant.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Map {
    RequestHeaders = 0,
    RequestTrailers = 1,
    ResponseHeaders = 2,
    HttpCallResponseHeaders = 6,
}

/// Which buffer is meant.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Buffer {
    RequestBody = 0,
    HttpCallResponseBody = 4,
    PluginConfiguration = 7,
}

/// How important a log line is.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Level {
    Info = 2,
    Warn = 3,
    Error = 4,
}

unsafe extern "C" {
    // The SDK's own entries for the host, in this module: its dispatcher has the root contexts.
    safe fn proxy_on_tick(context: u32);
    pub(super) safe fn proxy_on_context_create(context: u32, root: u32);
    pub(super) safe fn proxy_on_delete(context: u32);
}

/// Writes a line to the host's log.
pub(super) fn log(level: Level, message: &str) {
    unsafe { abi::proxy_log(level as u32, message.as_ptr(), message.len()) };
}

/// Nanoseconds since 1970; `None` if the host has no clock.
pub(super) fn now() -> Option<u64> {
    let mut time = 0;
    let status = unsafe { abi::proxy_get_current_time_nanoseconds(&mut time) };
    (status == OK).then_some(time)
}

/// The whole of a buffer.
pub(super) fn buffer(buffer: Buffer, max: usize) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    let status = unsafe { abi::proxy_get_buffer_bytes(buffer as u32, 0, max, &mut data, &mut size) };
    unsafe { taken(status, data, size) }
}

/// Leaves nothing in a buffer.
pub(super) fn empty_buffer(buffer: Buffer) -> Result<(), Failed> {
    let nothing: &[u8] = &[];
    done(unsafe { abi::proxy_set_buffer_bytes(buffer as u32, 0, usize::MAX, nothing.as_ptr(), 0) })
}

/// A header map in the host's serialization.
pub(super) fn header_map(map: Map) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    let status = unsafe { abi::proxy_get_header_map_pairs(map as u32, &mut data, &mut size) };
    unsafe { taken(status, data, size) }
}

/// Adds a header.
pub(super) fn add_header(map: Map, name: &[u8], value: &[u8]) -> Result<(), Failed> {
    done(unsafe {
        abi::proxy_add_header_map_value(map as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// Puts one header in the place of all of this name.
pub(super) fn replace_header(map: Map, name: &[u8], value: &[u8]) -> Result<(), Failed> {
    done(unsafe {
        abi::proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Removes all headers of this name.
pub(super) fn remove_header(map: Map, name: &[u8]) -> Result<(), Failed> {
    done(unsafe { abi::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// Answers the request; `headers` is in the host's serialization.
pub(super) fn send_local_response(status: u16, details: &str, headers: &[u8], body: &[u8]) {
    // -1: no gRPC status of our own, so that the host derives it from the HTTP status.
    unsafe {
        abi::proxy_send_local_response(
            status.into(),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    };
}

/// The property at `path`, whose parts are separated by NUL; `None` if it is not there.
pub(super) fn property(path: &str) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    let status = unsafe { abi::proxy_get_property(path.as_ptr(), path.len(), &mut data, &mut size) };
    unsafe { taken(status, data, size) }
}

/// Sets the filter state `wasm.<name>` of the stream.
pub(super) fn set_property(name: &str, value: &str) {
    unsafe { abi::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

/// What kind of statistic a handle is for.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Metric {
    Counter = 0,
    Gauge = 1,
}

/// Defines a statistic and returns its handle.
pub(super) fn define_metric(kind: Metric, name: &str) -> Option<u32> {
    let mut id = 0;
    let status = unsafe { abi::proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
    (status == OK).then_some(id)
}

/// Adds to a statistic; a gauge also takes a negative offset.
pub(super) fn increment_metric(id: u32, offset: i64) {
    unsafe { abi::proxy_increment_metric(id, offset) };
}

/// Sets a gauge.
pub(super) fn record_metric(id: u32, value: u64) {
    unsafe { abi::proxy_record_metric(id, value) };
}

/// What all VMs of this module's `vm_id` have under `key`, and its version.
pub(super) fn shared_data(key: &str) -> Read {
    let (mut data, mut size, mut version) = (null_mut(), 0, 0);
    unsafe {
        match abi::proxy_get_shared_data(key.as_ptr(), key.len(), &mut data, &mut size, &mut version) {
            NOT_FOUND => Read::Nothing,
            status => taken(status, data, size).map_or(Read::Failed, |value| Read::Value(value, version)),
        }
    }
}

/// Replaces it, unless it has another version by now.
pub(super) fn set_shared_data(key: &str, value: &[u8], version: u32) -> Put {
    let status =
        unsafe { abi::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version) };
    match status {
        OK => Put::Done,
        CAS_MISMATCH => Put::Overtaken,
        _ => Put::Failed,
    }
}

/// Makes the following host calls about the plugin `context`, or about the stream again that is called anyway: if it fails, so do they.
pub(super) fn set_effective_context(context: u32) {
    unsafe { abi::proxy_set_effective_context(context) };
}

/// Makes the following host calls about another stream; if it fails, they would be about the one before.
pub(super) fn enter_stream(stream: u32) -> Result<(), Failed> {
    done(unsafe { abi::proxy_set_effective_context(stream) })
}

/// How often the root context, which has to be the effective one, gets its tick; zero for never.
pub(super) fn set_tick_period(period: Duration) {
    unsafe { abi::proxy_set_tick_period_milliseconds(u32::try_from(period.as_millis()).unwrap_or(u32::MAX)) };
}

/// Lets the request of the effective context go on.
pub(super) fn continue_request(_: Grant) {
    unsafe { abi::proxy_continue_stream(0) };
}

/// Calls a function that the host offers by name and says how many bytes it returns; `None` if there is none or it fails. Without
/// a place for the result the host writes its size alone (Envoy 1.36 to 1.40).
pub(super) fn size_of_foreign_result(name: &str, arguments: &[u8]) -> Option<usize> {
    let mut size = 0;
    let status = unsafe {
        abi::proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            arguments.as_ptr(),
            arguments.len(),
            null_mut(),
            &mut size,
        )
    };
    (status == OK).then_some(size)
}

/// Runs the root context's tick now, inside a stream's callback.
///
/// A call that the SDK dispatches belongs to the context whose callback is running, and its answer is dropped
/// when that context is gone. A question must outlive the client that happened to ask it first, so it has to
/// be dispatched by the root context.
pub(super) fn in_root_context(root: u32, stream: u32) {
    set_effective_context(root);
    proxy_on_tick(root);
    set_effective_context(stream);
}

/// What a status says of a change that was asked for.
fn done(status: u32) -> Result<(), Failed> {
    if status == OK { Ok(()) } else { Err(Failed) }
}

/// Takes over what the host has allocated for us.
///
/// # Safety
/// `data` is null or comes from `proxy_on_memory_allocate(size)` and belongs to nobody else.
unsafe fn taken(status: u32, data: *mut u8, size: usize) -> Option<Vec<u8>> {
    if status != OK {
        return None;
    }
    if data.is_null() {
        return Some(Vec::new());
    }
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}
