//! From Verilog to a shared library: Verilator, the C++ compiler, the cache.

use super::ffi::Library;
use super::harness;
use super::toolchain::{Toolchain, run};
use super::{Cache, RtlSources};
use crate::rtl::{Direction, Parameters, SHIM_HEADER, SHIM_SOURCE};
use crate::{Error, Result};
use rayon::prelude::*;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildOptions {
    /// Bits of a stored word, instead of the design's: data becomes a tag, control is unchanged.
    pub storage_bits: Option<u32>,
    /// With waveforms, which makes every cycle slower.
    pub waveforms: bool,
}

/// A memory compiled for this machine.
pub struct CompiledMemory {
    pub(super) library: Library,
    /// Parameters it was compiled with.
    pub parameters: Parameters,
    /// Name of the top module.
    pub top: String,
    /// Time spent in Verilator and the compiler; none if it came from the cache.
    pub build_time: Option<Duration>,
    /// Digest of sources, options and tools.
    pub digest: String,
}

/// Flags of Verilator that do not depend on the design. Two-state simulation without timing; lint is a test of its own.
const VERILATOR_FLAGS: [&str; 17] = [
    "--cc",
    "--prefix",
    "Vpgsram",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--no-timing",
    "--noassert",
    "-Wno-lint",
    "-Wno-style",
    "-Wno-fatal",
    "--output-split",
    "15000",
    "--output-split-cfuncs",
    "5000",
];
/// Optimisation of the code that runs every cycle.
const FAST: &str = "-O2";
/// Optimisation of the code that runs once.
const SLOW: &str = "-O0";
/// Size of the generated code that is compiled at once: large enough to hide the headers, small enough for several cores.
const UNIT_BYTES: u64 = 500_000;
/// Names of the library and of the directory that is removed after the build.
const LIBRARY: &str = "libpgsram.so";
const OBJECTS: &str = "objects";

/// Compiles the sources, or takes the result of an earlier call from the cache.
///
/// # Errors
/// [`Error::Tool`] if Verilator or the compiler refuses the sources, [`Error::File`] where the file system does.
pub fn build(sources: &RtlSources, options: BuildOptions, tools: &Toolchain, cache: &Cache) -> Result<CompiledMemory> {
    let parameters = sources.parameters.for_cosimulation(options.storage_bits);
    let files = harness::files(sources, &parameters, options.storage_bits.is_some());
    let job = Job { files, options, tools, cache, parameters };
    let digest = job.digest();
    let start = Instant::now();
    let (entry, built) = cache.entry(&format!("model-{digest}"), |directory| job.compile(directory))?;
    let library = Library::open(&entry.join(LIBRARY))?;
    let build_time = built.then(|| start.elapsed());
    Ok(CompiledMemory { library, parameters, top: sources.top.clone(), build_time, digest })
}

impl CompiledMemory {
    /// Whether replays on it can record waveforms.
    pub fn can_trace(&self) -> bool {
        self.library.can_trace()
    }
}

struct Job<'a> {
    files: Vec<(String, String)>,
    options: BuildOptions,
    tools: &'a Toolchain,
    cache: &'a Cache,
    parameters: Parameters,
}

impl Job<'_> {
    /// Digest of everything that decides what the library does.
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for (name, text) in &self.files {
            add(name);
            add(text);
        }
        self.verilator_arguments().iter().for_each(|argument| add(argument));
        self.compiler_arguments().iter().for_each(|argument| add(argument));
        let tools = [&self.tools.verilator_version, &self.tools.compiler_version];
        tools.into_iter().for_each(|version| add(version));
        self.tools.compiler.iter().for_each(|argument| add(&argument.to_string_lossy()));
        [FAST, SLOW, SHIM_HEADER, SHIM_SOURCE, &self.port_list()].into_iter().for_each(&mut add);
        hasher.finalize().to_hex()[..32].to_string()
    }

    fn compile(&self, directory: &Path) -> Result<()> {
        let objects = directory.join(OBJECTS);
        fs::create_dir_all(&objects).map_err(Error::file("cannot create", &objects))?;
        self.verilate(directory, &objects)?;
        self.write_shim(&objects)?;
        let model = self.compile_all(&generated_units(&objects)?, &objects)?;
        let runtime = self.runtime_objects(&runtime_units(&objects)?)?;
        self.link(&[model, runtime].concat(), &directory.join(LIBRARY))?;
        fs::remove_dir_all(&objects).map_err(Error::file("cannot remove", &objects))
    }

    fn verilate(&self, directory: &Path, objects: &Path) -> Result<()> {
        for (name, text) in &self.files {
            write(&objects.join(name), text)?;
        }
        let mut command = Command::new(&self.tools.verilator);
        command.current_dir(directory).args(self.verilator_arguments()).args(["--Mdir", OBJECTS]);
        command.args(self.files.iter().map(|(name, _)| format!("{OBJECTS}/{name}")));
        run(&mut command, "verilator").map(drop)
    }

    fn verilator_arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = VERILATOR_FLAGS.iter().map(|flag| flag.to_string()).collect();
        arguments.extend(["--top-module", harness::MODULE].map(String::from));
        if self.options.waveforms {
            arguments.extend(["--trace", "--output-split-ctrace", "5000"].map(String::from));
            arguments.extend(["--trace-max-width".into(), self.widest_control().to_string()]);
        }
        arguments
    }

    /// Waveforms leave out buses that are wider than addresses and states: data.
    fn widest_control(&self) -> u32 {
        let p = &self.parameters;
        (p.ports * p.address_bits()).max(4 * p.domains).max(64)
    }

    fn compiler_arguments(&self) -> Vec<String> {
        let trace = u32::from(self.options.waveforms);
        let defines = ["VM_COVERAGE=0", "VM_SC=0", "VM_TRACE_FST=0", "VL_TIME_CONTEXT"].map(String::from);
        let hooks = ["VL_USER_FINISH", "VL_USER_STOP", "VL_USER_FATAL"].map(String::from);
        let traces = [format!("VM_TRACE={trace}"), format!("VM_TRACE_VCD={trace}")];
        defines.into_iter().chain(hooks).chain(traces).map(|define| format!("-D{define}")).collect()
    }

    fn write_shim(&self, objects: &Path) -> Result<()> {
        write(&objects.join("pgsram_shim.h"), SHIM_HEADER)?;
        write(&objects.join("pgsram_shim.cpp"), SHIM_SOURCE)?;
        write(&objects.join("pgsram_ports.inc"), &self.port_list())
    }

    /// The ports in the form the shim includes.
    fn port_list(&self) -> String {
        let mut text = String::new();
        for port in harness::ports(&self.parameters) {
            let direction = match port.direction {
                Direction::Input => "PGSRAM_INPUT",
                Direction::Output => "PGSRAM_OUTPUT",
            };
            let _ = writeln!(text, "PGSRAM_PORT({}, {direction}, {})", port.name, port.width(&self.parameters));
        }
        text
    }

    /// Compiles C++ files side by side and returns their objects.
    fn compile_all(&self, units: &[PathBuf], objects: &Path) -> Result<Vec<PathBuf>> {
        units.par_iter().map(|unit| self.compile_unit(unit, objects)).collect()
    }

    fn compile_unit(&self, unit: &Path, objects: &Path) -> Result<PathBuf> {
        let name = unit.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let object = objects.join(format!("{name}.o"));
        let slow = name.starts_with("unit_once");
        let mut command = self.tools.compiler_command();
        command.args(self.compiler_arguments()).arg(if slow { SLOW } else { FAST });
        command.arg("-I").arg(objects).arg("-I").arg(&self.tools.runtime);
        command.arg("-I").arg(self.tools.runtime.join("vltstd"));
        command.arg("-w").arg("-c").arg(unit).arg("-o").arg(&object);
        run(&mut command, "the C++ compiler")?;
        Ok(object)
    }

    /// Objects of Verilator's own runtime, compiled once a version.
    fn runtime_objects(&self, names: &[String]) -> Result<Vec<PathBuf>> {
        let described = format!(
            "{names:?} {:?} {} {} {:?}",
            self.compiler_arguments(),
            self.tools.verilator_version,
            self.tools.compiler_version,
            self.tools.compiler
        );
        let key = format!("runtime-{}", &blake3::hash(described.as_bytes()).to_hex()[..32]);
        let units: Vec<PathBuf> = names.iter().map(|name| self.tools.runtime.join(format!("{name}.cpp"))).collect();
        let (entry, _) = self.cache.entry(&key, |directory| self.compile_all(&units, directory).map(drop))?;
        Ok(names.iter().map(|name| entry.join(format!("{name}.o"))).collect())
    }

    fn link(&self, objects: &[PathBuf], library: &Path) -> Result<()> {
        let mut command = self.tools.compiler_command();
        command.arg("-shared").args(objects).arg("-o").arg(library).arg("-pthread");
        run(&mut command, "the C++ compiler").map(drop)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::file("cannot write", path))
}

/// What is compiled: the C++ files that Verilator wrote, several to a unit because each reads the same headers, and the shim.
fn generated_units(objects: &Path) -> Result<Vec<PathBuf>> {
    let files = cpp_files(objects)?;
    let (slow, fast): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| runs_once(name));
    let mut units = Vec::new();
    for (kind, files) in [("fast", fast), ("once", slow)] {
        for (index, group) in groups(&files).into_iter().enumerate() {
            let unit = objects.join(format!("unit_{kind}_{index}.cpp"));
            write(&unit, &group.iter().map(|name| format!("#include \"{name}\"\n")).collect::<String>())?;
            units.push(unit);
        }
    }
    Ok(units)
}

/// Names and sizes of the C++ files in a directory, sorted.
fn cpp_files(directory: &Path) -> Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::file("cannot read", directory))? {
        let entry = entry.map_err(Error::file("cannot read", directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".cpp") {
            files.push((name, entry.metadata().map_err(Error::file("cannot read", directory))?.len()));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a generated file holds construction, symbols or waveforms: code that need not be fast.
fn runs_once(name: &str) -> bool {
    name.contains("Slow") || name.contains("__Syms") || name.contains("__Trace")
}

/// Consecutive files, about [`UNIT_BYTES`] together.
fn groups(files: &[(String, u64)]) -> Vec<Vec<&str>> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let mut size = u64::MAX;
    for (name, bytes) in files {
        if size >= UNIT_BYTES {
            groups.push(Vec::new());
            size = 0;
        }
        size += bytes;
        groups.last_mut().expect("just pushed").push(name);
    }
    groups
}

/// Names of the runtime's sources that this model needs, as Verilator lists them.
fn runtime_units(objects: &Path) -> Result<Vec<String>> {
    let path = objects.join("Vpgsram_classes.mk");
    let text = fs::read_to_string(&path).map_err(Error::file("cannot read", &path))?;
    let after = text.split("VM_GLOBAL_").skip(1).flat_map(|list| {
        let block = list.split("\n\n").next().unwrap_or_default();
        block.lines().skip(1).map(|line| line.trim().trim_end_matches('\\').trim().to_string()).collect::<Vec<_>>()
    });
    Ok(after.filter(|name| name.starts_with("verilated")).collect())
}
