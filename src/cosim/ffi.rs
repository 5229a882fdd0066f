//! The only unsafe code of the crate: calls into a shared library that holds a verilated memory.
//!
//! A library is trusted to be what `build` made of the shim: the ABI number and the port table are checked when it is opened,
//! its machine code cannot be.
#![allow(unsafe_code)]

use super::bindings::{PGSRAM_INPUT, PGSRAM_SHIM_ABI, pgsram_model, pgsram_port, pgsram_shim, pgsram_shim_table_fn};
use crate::{Error, Result};
use std::ffi::{CStr, CString, c_int};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open shared library; shared by the models made from it.
#[derive(Clone)]
pub(super) struct Library {
    shim: &'static pgsram_shim,
    path: PathBuf,
    _library: Arc<libloading::Library>,
}

/// Place of a port in [`Model::port`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PortIndex(usize);

/// One instance of the memory.
pub(super) struct Model {
    library: Library,
    handle: *mut pgsram_model,
    ports: Vec<PortView>,
}

/// Where a port's value is.
struct PortView {
    name: String,
    input: bool,
    width: u32,
    data: *mut u8,
    bytes: usize,
}

// SAFETY: a model has no thread-local state and is used by one thread at a time (`&mut self`).
unsafe impl Send for Model {}

impl Library {
    /// Opens a library made by `build`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let broken = |message: String| Error::Artefact { path: path.into(), message };
        // SAFETY: the file was compiled from the shim, which has no initialisers with side effects.
        let library = unsafe { libloading::Library::new(path) }.map_err(|e| broken(e.to_string()))?;
        // SAFETY: the header declares the symbol with this type.
        let table = unsafe { library.get::<pgsram_shim_table_fn>(b"pgsram_shim_table\0") };
        let table = table.map_err(|e| broken(e.to_string()))?.ok_or_else(|| broken("has no table".into()))?;
        // SAFETY: the function returns the address of a constant, which lives as long as the library; `_library` keeps it.
        let shim = unsafe { table().as_ref() }.ok_or_else(|| broken("has an empty table".into()))?;
        if shim.abi != PGSRAM_SHIM_ABI {
            return Err(broken(format!("has interface {}, expected {PGSRAM_SHIM_ABI}", shim.abi)));
        }
        Ok(Self { shim, path: path.into(), _library: Arc::new(library) })
    }

    /// Whether its models write waveforms.
    pub(super) fn can_trace(&self) -> bool {
        self.shim.can_trace != 0
    }

    /// A new instance with all inputs 0.
    pub(super) fn create(&self) -> Result<Model> {
        // SAFETY: no arguments; null is checked.
        let handle = self.shim.create.map_or(std::ptr::null_mut(), |create| unsafe { create() });
        if handle.is_null() {
            return Err(Error::Artefact { path: self.path.clone(), message: "cannot create a model".into() });
        }
        Ok(Model { library: self.clone(), handle, ports: read_ports(self.shim, handle) })
    }
}

fn read_ports(shim: &pgsram_shim, handle: *mut pgsram_model) -> Vec<PortView> {
    let (Some(count), Some(ports)) = (shim.port_count, shim.ports) else { return Vec::new() };
    // SAFETY: the handle is valid and the table has as many entries as the count says.
    let table = unsafe { std::slice::from_raw_parts(ports(handle), count(handle) as usize) };
    table.iter().map(view).collect()
}

fn view(port: &pgsram_port) -> PortView {
    // SAFETY: names are string literals.
    let name = unsafe { CStr::from_ptr(port.name) }.to_string_lossy().into_owned();
    let input = port.direction == PGSRAM_INPUT;
    PortView { name, input, width: port.width, data: port.data, bytes: port.bytes as usize }
}

impl Model {
    /// The port of this name.
    pub(super) fn port(&self, name: &str) -> Result<PortIndex> {
        let found = self.ports.iter().position(|port| port.name == name);
        let message = || format!("has no port `{name}`");
        found.map(PortIndex).ok_or_else(|| Error::Artefact { path: self.library.path.clone(), message: message() })
    }

    /// Bits of a port.
    pub(super) fn width(&self, port: PortIndex) -> u32 {
        self.ports[port.0].width
    }

    /// Value of a port, little-endian.
    pub(super) fn value(&self, port: PortIndex) -> &[u8] {
        let view = &self.ports[port.0];
        // SAFETY: the pointer is valid for `bytes` as long as the model, and only `&mut self` methods change the value.
        unsafe { std::slice::from_raw_parts(view.data, view.bytes) }
    }

    /// Value of an input, to be written; bits above the width must stay 0.
    pub(super) fn value_mut(&mut self, port: PortIndex) -> &mut [u8] {
        let view = &self.ports[port.0];
        debug_assert!(view.input, "{} is an output", view.name);
        // SAFETY: as in `value`; `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(view.data, view.bytes) }
    }

    /// First half of a cycle: clock low, combinational paths settle.
    #[inline]
    pub(super) fn low(&mut self) -> Result<()> {
        self.call(self.library.shim.low)
    }

    /// Second half of a cycle: the rising edge.
    #[inline]
    pub(super) fn high(&mut self) -> Result<()> {
        self.call(self.library.shim.high)
    }

    /// `cycles` whole cycles with inputs held and the time base counting.
    pub(super) fn run(&mut self, cycles: u64) -> Result<()> {
        // SAFETY: the handle is valid.
        let status = self.library.shim.run.map_or(1, |run| unsafe { run(self.handle, cycles) });
        self.checked(status)
    }

    /// Opens a VCD file of `depth` levels of `scope`; everything with depth 0.
    pub(super) fn trace_open(&mut self, file: &Path, scope: &str, depth: u32) -> Result<()> {
        let text = |s: &str| CString::new(s).map_err(|_| self.failure("a path contains a zero byte"));
        let (file, scope) = (text(&file.to_string_lossy())?, text(scope)?);
        let open = self.library.shim.trace_open;
        // SAFETY: handle and strings are valid during the call.
        let status = open.map_or(1, |open| unsafe { open(self.handle, file.as_ptr(), scope.as_ptr(), depth) });
        self.checked(status)
    }

    /// Writes what changed.
    pub(super) fn trace_dump(&mut self, time: u64) -> Result<()> {
        // SAFETY: the handle is valid.
        let status = self.library.shim.trace_dump.map_or(1, |dump| unsafe { dump(self.handle, time) });
        self.checked(status)
    }

    /// Bytes in the file so far.
    pub(super) fn trace_bytes(&self) -> u64 {
        // SAFETY: the handle is valid.
        self.library.shim.trace_bytes.map_or(0, |bytes| unsafe { bytes(self.handle) })
    }

    /// Completes the file.
    pub(super) fn trace_close(&mut self) -> Result<()> {
        self.call(self.library.shim.trace_close)
    }

    #[inline]
    fn call(&mut self, function: Option<unsafe extern "C" fn(*mut pgsram_model) -> c_int>) -> Result<()> {
        // SAFETY: the handle is valid.
        let status = function.map_or(1, |function| unsafe { function(self.handle) });
        self.checked(status)
    }

    #[inline]
    fn checked(&self, status: c_int) -> Result<()> {
        if status == 0 { Ok(()) } else { Err(self.failure(&self.message())) }
    }

    fn message(&self) -> String {
        // SAFETY: the handle is valid; the string is copied before the next call can change it.
        let read = |message: unsafe extern "C" fn(*const pgsram_model) -> *const std::ffi::c_char| unsafe {
            CStr::from_ptr(message(self.handle)).to_string_lossy().into_owned()
        };
        self.library.shim.message.map_or_else(|| "no message".into(), read)
    }

    #[cold]
    fn failure(&self, message: &str) -> Error {
        Error::Tool { tool: "the verilated memory".into(), message: message.into() }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        if let Some(destroy) = self.library.shim.destroy {
            // SAFETY: the handle came from `create` and is not used again.
            unsafe { destroy(self.handle) }
        }
    }
}
