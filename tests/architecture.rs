//! Dependencies between the modules of `src` point strictly down.

use std::fs;
use std::path::{Path, PathBuf};

/// Layers from the bottom; `docs/architecture.md` says what each is for.
const LAYERS: [&[&str]; 9] = [
    &["units", "ids", "error", "diagnostic", "schema", "artefact", "table", "builtin"],
    &["config"],
    &["sram", "trace", "workload", "accelerator"],
    &["power"],
    &["sim"],
    &["explore", "rtl", "survey", "wave"],
    &["cosim"],
    &["report"],
    &["cli"],
];

/// Imports between siblings of one layer, each with its reason.
const SIBLINGS: [(&str, &str); 2] = [
    ("trace", "workload"),    // a run contains the workload it ran
    ("trace", "accelerator"), // and the accelerator it ran on
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Modules that `text` names after `crate::`, also in braces.
fn imports(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(list) => list.split(['}']).next().unwrap_or("").split(',').map(|p| word(p.trim())).collect(),
                None => vec![word(rest)],
            }
        })
        .collect()
}

fn upward(module: &str, import: &str) -> bool {
    let (Some(from), Some(to)) = (layer(module), layer(import)) else { return false };
    module != import && (to > from || (to == from && from > 0 && !SIBLINGS.contains(&(module, import))))
}

#[test]
fn imports_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "found only {} sources", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap().to_owned();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if module == "lib" || module == "main" {
            continue;
        }
        assert!(layer(&module).is_some(), "{module} stands in no layer; add it to LAYERS and docs/architecture.md");
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if upward(&module, &import) {
                wrong.push(format!("{}: crate::{import}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that do not point down:\n{}", wrong.join("\n"));
}

#[test]
fn an_upward_import_would_be_seen() {
    assert!(
        upward("power", "explore")
            && upward("rtl", "wave")
            && !upward("explore", "power")
            && !upward("trace", "workload")
    );
    assert_eq!(imports("use crate::{ids::OpId, units};\nlet x = crate::sim::run();"), ["ids", "units", "sim"]);
}

#[test]
fn prediction_and_reference_share_no_evaluation_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (folder, forbidden) in
        [("explore/predict", ["power::reference", "power::replay"]), ("power/reference", ["explore", "predict"])]
    {
        let mut files = Vec::new();
        if root.join(folder).is_dir() {
            sources(&root.join(folder), &mut files);
        }
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for name in forbidden {
                assert!(!text.contains(name), "{} mentions {name}", file.display());
            }
        }
    }
}
