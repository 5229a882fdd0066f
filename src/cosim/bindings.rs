// SPDX-License-Identifier: MIT OR Apache-2.0
// Made by bindgen from testbenches/pgsram_shim.h; see scripts/regenerate-bindings. Do not edit.

pub const PGSRAM_SHIM_ABI: u32 = 1;
pub const PGSRAM_INPUT: u32 = 0;
pub const PGSRAM_OUTPUT: u32 = 1;
#[repr(C)]
#[derive(Debug)]
pub struct pgsram_model {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct pgsram_port {
    pub name: *const ::core::ffi::c_char,
    pub direction: u32,
    pub width: u32,
    pub bytes: u32,
    pub data: *mut u8,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pgsram_port"][::core::mem::size_of::<pgsram_port>() - 32usize];
    ["Alignment of pgsram_port"][::core::mem::align_of::<pgsram_port>() - 8usize];
    ["Offset of field: pgsram_port::name"][::core::mem::offset_of!(pgsram_port, name) - 0usize];
    ["Offset of field: pgsram_port::direction"][::core::mem::offset_of!(pgsram_port, direction) - 8usize];
    ["Offset of field: pgsram_port::width"][::core::mem::offset_of!(pgsram_port, width) - 12usize];
    ["Offset of field: pgsram_port::bytes"][::core::mem::offset_of!(pgsram_port, bytes) - 16usize];
    ["Offset of field: pgsram_port::data"][::core::mem::offset_of!(pgsram_port, data) - 24usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct pgsram_shim {
    pub abi: u32,
    pub can_trace: u32,
    pub create: ::core::option::Option<unsafe extern "C" fn() -> *mut pgsram_model>,
    pub destroy: ::core::option::Option<unsafe extern "C" fn(model: *mut pgsram_model)>,
    pub port_count: ::core::option::Option<unsafe extern "C" fn(model: *const pgsram_model) -> u32>,
    pub ports: ::core::option::Option<unsafe extern "C" fn(model: *const pgsram_model) -> *const pgsram_port>,
    pub message: ::core::option::Option<unsafe extern "C" fn(model: *const pgsram_model) -> *const ::core::ffi::c_char>,
    pub low: ::core::option::Option<unsafe extern "C" fn(model: *mut pgsram_model) -> ::core::ffi::c_int>,
    pub high: ::core::option::Option<unsafe extern "C" fn(model: *mut pgsram_model) -> ::core::ffi::c_int>,
    pub run: ::core::option::Option<unsafe extern "C" fn(model: *mut pgsram_model, cycles: u64) -> ::core::ffi::c_int>,
    pub trace_open: ::core::option::Option<
        unsafe extern "C" fn(
            model: *mut pgsram_model,
            file: *const ::core::ffi::c_char,
            scope: *const ::core::ffi::c_char,
            depth: u32,
        ) -> ::core::ffi::c_int,
    >,
    pub trace_dump:
        ::core::option::Option<unsafe extern "C" fn(model: *mut pgsram_model, time: u64) -> ::core::ffi::c_int>,
    pub trace_bytes: ::core::option::Option<unsafe extern "C" fn(model: *const pgsram_model) -> u64>,
    pub trace_close: ::core::option::Option<unsafe extern "C" fn(model: *mut pgsram_model) -> ::core::ffi::c_int>,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pgsram_shim"][::core::mem::size_of::<pgsram_shim>() - 104usize];
    ["Alignment of pgsram_shim"][::core::mem::align_of::<pgsram_shim>() - 8usize];
    ["Offset of field: pgsram_shim::abi"][::core::mem::offset_of!(pgsram_shim, abi) - 0usize];
    ["Offset of field: pgsram_shim::can_trace"][::core::mem::offset_of!(pgsram_shim, can_trace) - 4usize];
    ["Offset of field: pgsram_shim::create"][::core::mem::offset_of!(pgsram_shim, create) - 8usize];
    ["Offset of field: pgsram_shim::destroy"][::core::mem::offset_of!(pgsram_shim, destroy) - 16usize];
    ["Offset of field: pgsram_shim::port_count"][::core::mem::offset_of!(pgsram_shim, port_count) - 24usize];
    ["Offset of field: pgsram_shim::ports"][::core::mem::offset_of!(pgsram_shim, ports) - 32usize];
    ["Offset of field: pgsram_shim::message"][::core::mem::offset_of!(pgsram_shim, message) - 40usize];
    ["Offset of field: pgsram_shim::low"][::core::mem::offset_of!(pgsram_shim, low) - 48usize];
    ["Offset of field: pgsram_shim::high"][::core::mem::offset_of!(pgsram_shim, high) - 56usize];
    ["Offset of field: pgsram_shim::run"][::core::mem::offset_of!(pgsram_shim, run) - 64usize];
    ["Offset of field: pgsram_shim::trace_open"][::core::mem::offset_of!(pgsram_shim, trace_open) - 72usize];
    ["Offset of field: pgsram_shim::trace_dump"][::core::mem::offset_of!(pgsram_shim, trace_dump) - 80usize];
    ["Offset of field: pgsram_shim::trace_bytes"][::core::mem::offset_of!(pgsram_shim, trace_bytes) - 88usize];
    ["Offset of field: pgsram_shim::trace_close"][::core::mem::offset_of!(pgsram_shim, trace_close) - 96usize];
};
pub type pgsram_shim_table_fn = ::core::option::Option<unsafe extern "C" fn() -> *const pgsram_shim>;
