//! The committed bindings are what bindgen makes of the header.

use std::path::Path;

const FIRST_LINES: &str = "\
// SPDX-License-Identifier: MIT OR Apache-2.0
// Made by bindgen from testbenches/pgsram_shim.h; see scripts/regenerate-bindings. Do not edit.
";

#[test]
fn committed_bindings_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = root.join("testbenches/pgsram_shim.h");
    let bindings = bindgen::Builder::default()
        .header(header.to_str().unwrap())
        .allowlist_type("pgsram_.*")
        .allowlist_var("PGSRAM_.*")
        .use_core()
        .derive_debug(false)
        .disable_header_comment()
        .raw_line(FIRST_LINES.trim_end())
        .generate()
        .unwrap();
    let text = bindings.to_string();
    let committed = root.join("src/cosim/bindings.rs");
    if std::env::var_os("TRAPTI_WRITE_BINDINGS").is_some() {
        std::fs::write(&committed, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&committed).unwrap(), "run scripts/regenerate-bindings");
}
