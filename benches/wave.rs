//! Rate and memory of the waveform check on a large VCD file, beside counting its lines and beside the reader of the `vcd` crate.
//!
//!     cargo bench --bench wave            # a file of 1 GB
//!     TRAPTI_WAVE_BYTES=100000000 cargo bench --bench wave

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::time::Instant;
use trapti::power::Design;
use trapti::wave::{Window, check};

/// Domains, ports and address bits of the memory in the file.
const DOMAINS: u32 = 16;
const PORTS: u32 = 4;
const ADDRESS_BITS: u32 = 20;

/// Signals: name, bits, and whether it changes every cycle.
const SIGNALS: [(&str, u32, bool); 14] = [
    ("clk_i", 1, true),
    ("now_i", 64, true),
    ("addr_i", PORTS * ADDRESS_BITS, true),
    ("wdata_i", 128, true),
    ("rdata_o", 128, true),
    ("req_i", PORTS, false),
    ("gnt_o", PORTS, false),
    ("we_i", PORTS, false),
    ("state_o", 4 * DOMAINS, false),
    ("sw_o", DOMAINS, false),
    ("sw_ack_i", DOMAINS, false),
    ("iso_no", DOMAINS, false),
    ("ret_o", DOMAINS, false),
    ("light_o", DOMAINS, false),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bytes = std::env::var("TRAPTI_WAVE_BYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000_000);
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("large.vcd");
    let cycles = write(&path, bytes)?;
    let design = design()?;
    let (mut read, mut parsed, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        read.push(seconds(|| lines(&path).map(drop))?);
        parsed.push(seconds(|| commands(&path).map(drop))?);
        checked.push(seconds(|| {
            assert_eq!(check(&path, &design, Window::default())?.edges, cycles);
            Ok(())
        })?);
    }
    let rate = |seconds: &[f64]| bytes as f64 / 1e6 / seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let (read, parsed, checked) = (rate(&read), rate(&parsed), rate(&checked));
    let mut out = std::io::stdout();
    writeln!(out, "{bytes} bytes, {cycles} cycles; best of 3, processor seconds of this process")?;
    writeln!(out, "lines counted {read:6.0} MB/s")?;
    writeln!(out, "vcd crate     {parsed:6.0} MB/s, {:.2} of that", parsed / read)?;
    writeln!(out, "checked       {checked:6.0} MB/s, {:.2} of that", checked / read)?;
    writeln!(out, "peak memory   {}", peak().unwrap_or_default())?;
    Ok(())
}

/// Processor seconds, so that other work on the machine counts little.
fn seconds(work: impl FnOnce() -> Result<(), Box<dyn std::error::Error>>) -> Result<f64, Box<dyn std::error::Error>> {
    let (start, before) = (Instant::now(), processor());
    work()?;
    Ok(processor().zip(before).map_or(start.elapsed().as_secs_f64(), |(after, before)| after - before))
}

/// User and system time of the process in seconds, where the system tells it.
fn processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

fn peak() -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:").map(|rest| rest.trim().into()))
}

fn lines(path: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let (mut file, mut buffer, mut count) = (File::open(path)?, vec![0; 1 << 18], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(count),
            length => count += buffer[..length].iter().filter(|byte| **byte == b'\n').count(),
        }
    }
}

/// Value changes and times as the `vcd` crate reads them.
fn commands(path: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let mut parser = vcd::Parser::new(BufReader::with_capacity(1 << 18, File::open(path)?));
    parser.parse_header()?;
    parser.try_fold(0, |count, command| command.map(|_| count + 1)).map_err(Into::into)
}

/// Writes cycles until the file is large enough; every domain stays ON and all ports read or write.
fn write(path: &Path, bytes: u64) -> Result<u64, std::io::Error> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "$timescale 1ps $end\n$scope module pgsram_bench $end")?;
    for (index, (name, width, _)) in SIGNALS.iter().enumerate() {
        writeln!(file, "$var wire {width} {} {name} [{}:0] $end", code(index), width - 1)?;
    }
    writeln!(file, "$upscope $end\n$enddefinitions $end\n#0\n0{}", code(0))?;
    let on = "0111".repeat(DOMAINS as usize);
    let all = "1".repeat(DOMAINS as usize);
    let none = "0".repeat(DOMAINS as usize);
    let still = [("1111".into(), 5), ("1111".into(), 6), ("0101".into(), 7), (on, 8)];
    let power = [(all.clone(), 9), (all.clone(), 10), (all, 11), (none.clone(), 12), (none, 13)];
    for (digits, index) in still.into_iter().chain(power) {
        writeln!(file, "b{digits} {}", code(index))?;
    }
    let (mut written, mut cycle) = (0, 0u64);
    while written < bytes {
        let words = [1u64, 2].map(|k| (cycle + k).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let data = format!("b{:064b}{:064b}", words[0], words[1]);
        let addresses: String =
            (0..u64::from(PORTS)).map(|port| format!("{:020b}", port << 18 | cycle & 0x3ffff)).collect();
        let text = format!(
            "#{}\n0!\nb{cycle:b} {}\nb{addresses} {}\n{data} {}\n#{}\n1!\n{data} {}\n",
            2 * cycle,
            code(1),
            code(2),
            code(3),
            2 * cycle + 1,
            code(4),
        );
        file.write_all(text.as_bytes())?;
        written += text.len() as u64;
        cycle += 1;
    }
    file.flush().map(|()| cycle)
}

fn code(index: usize) -> char {
    char::from(b'!' + index as u8)
}

fn design() -> Result<Design, serde_json::Error> {
    serde_json::from_value(serde_json::json!({
        "schema": "trapti.design/1", "name": "bench", "capacity": (1u64 << ADDRESS_BITS) * 16,
        "organisation": {
            "domains": DOMAINS, "interleave": 4, "domain_words": (1u64 << ADDRESS_BITS) / u64::from(DOMAINS),
            "word_bits": 128, "ports": PORTS, "read_latency": 2, "bank_cycles": 1
        },
        "macro_shape": { "rows": 1, "columns": 1, "capacity": 1 << 18, "word_bits": 128 },
        "timing": {
            "t_iso": 2, "t_settle_off": 8, "t_settle_ret": 4, "t_ret": 2, "t_light": 2, "t_ack_max": 40,
            "t_min_on": 0, "t_min_off": 0, "max_waking": 1, "sync_stages": 2
        },
        "switch": { "t_ack_off": 8, "t_ack_ret": 4, "t_ack_fall": 4 },
        "states": { "light": true, "retention": true }, "policy": "immediate", "reset_on": false,
        "time_bits": 64, "counters": 2, "iso_in_rtl": true, "clock": 1_000_000_000, "placement": "first-fit",
        "provenance": { "exploration": "", "point": 0, "memory": "sram", "characterisation": "", "placements": [] }
    }))
}
