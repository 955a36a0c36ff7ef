//! The host calls of a decision and no computing: reads the header map and the time, removes the token and adds four headers,
//! whatever the request is. With a configuration it asks the cluster of that name first (`asking`).

mod asking;
mod host;
mod upstream;

use host::Room;

/// One place for whatever the host brings: it is looked at before the next comes.
static ROOM: Room = Room::new([0; 65_536]);

#[unsafe(no_mangle)]
pub extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    ROOM.for_bytes(size)
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
    asking::configure(root, size);
    1
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_context_create(_: u32, _: u32) {}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_delete(_: u32) {}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_response_headers(_: u32, _: u32, _: u32) -> u32 {
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_request_headers(stream: u32, _: u32, _: u32) -> u32 {
    host::header_map(host::REQUEST_HEADERS);
    host::time();
    asking::ask(stream).unwrap_or_else(|| {
        upstream::go();
        0
    })
}
