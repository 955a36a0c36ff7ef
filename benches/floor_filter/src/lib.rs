//! Reads the header map and the time, removes the token and adds four headers, whatever the request is.

use std::cell::UnsafeCell;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_add_header_map_value(map: u32, name: *const u8, name_size: usize, value: *const u8, size: usize) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
}

const HEADERS: [(&str, &str); 4] = [
    ("x-eec-id", "eec-000001"),
    ("x-eec-gpsi", "msisdn-491700000001"),
    ("x-eec-issuer", "aes.mnc001.mcc001.pub.3gppnetwork.org"),
    ("x-eec-token-id", "00000000000000000000000000000001"),
];

/// One place for whatever the host brings: it is looked at before the next comes.
#[repr(align(16))]
struct Room(UnsafeCell<[u8; 65_536]>);

// A module of this ABI has one thread.
unsafe impl Sync for Room {}

static ROOM: Room = Room(UnsafeCell::new([0; 65_536]));

#[unsafe(no_mangle)]
pub extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    if size <= 65_536 { ROOM.0.get().cast() } else { std::ptr::null_mut() }
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_configure(_: u32, _: u32) -> u32 {
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
pub extern "C" fn proxy_on_request_headers(_: u32, _: u32, _: u32) -> u32 {
    let (mut data, mut size, mut time) = (std::ptr::null_mut(), 0, 0);
    let token = "authorization";
    unsafe {
        proxy_get_header_map_pairs(0, &mut data, &mut size);
        proxy_get_current_time_nanoseconds(&mut time);
        proxy_remove_header_map_value(0, token.as_ptr(), token.len());
        for (name, value) in HEADERS {
            proxy_add_header_map_value(0, name.as_ptr(), name.len(), value.as_ptr(), value.len());
        }
    }
    0
}
