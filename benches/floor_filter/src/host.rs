//! The host's functions, as the proxy-wasm ABI 0.2.1 has them.

use std::cell::UnsafeCell;
use std::ptr::null_mut;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        call: *mut u32,
    ) -> u32;
}

pub const REQUEST_HEADERS: u32 = 0;
pub const CALL_HEADERS: u32 = 6;
pub const CALL_BODY: u32 = 4;
pub const CONFIGURATION: u32 = 7;

/// No trailers, as the host reads them: their number.
const NONE: [u8; 4] = [0; 4];

/// What a module of this ABI may write to: it has one thread.
#[repr(align(16))]
pub struct Alone<T>(pub UnsafeCell<T>);

unsafe impl<T> Sync for Alone<T> {}

impl<T> Alone<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

pub type Room = Alone<[u8; 65_536]>;

impl Room {
    pub fn for_bytes(&self, size: usize) -> *mut u8 {
        if size <= 65_536 { self.0.get().cast() } else { null_mut() }
    }
}

pub fn time() {
    let mut time = 0;
    unsafe { proxy_get_current_time_nanoseconds(&mut time) };
}

pub fn header_map(map: u32) {
    let (mut data, mut size) = (null_mut(), 0);
    unsafe { proxy_get_header_map_pairs(map, &mut data, &mut size) };
}

/// What is in a buffer, until the host brings something else.
pub fn buffer(buffer: u32) -> &'static [u8] {
    let (mut data, mut size) = (null_mut(), 0);
    unsafe {
        if proxy_get_buffer_bytes(buffer, 0, 65_536, &mut data, &mut size) != 0 || data.is_null() {
            return &[];
        }
        std::slice::from_raw_parts(data, size)
    }
}

pub fn remove_header(name: &str) {
    unsafe { proxy_remove_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len()) };
}

pub fn add_header(name: &str, value: &str) {
    unsafe {
        proxy_add_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    };
}

pub fn enter(context: u32) {
    unsafe { proxy_set_effective_context(context) };
}

pub fn go_on() {
    unsafe { proxy_continue_stream(0) };
}

/// The number of the call, if it could be sent.
pub fn call(cluster: &[u8], headers: &[u8], body: &[u8], milliseconds: u32) -> Option<u32> {
    let mut call = 0;
    let status = unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            NONE.as_ptr(),
            NONE.len(),
            milliseconds,
            &mut call,
        )
    };
    (status == 0).then_some(call)
}
