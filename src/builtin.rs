//! What is part of the program, so that nothing has to be fetched: model configs, accelerators, studies and projects, by name.
//!
//! A name stands wherever a path may: a file of that path wins, then what is built in.

use crate::artefact;
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::error::{Error, Result};
use std::path::Path;
use std::sync::Arc;

/// A text of `models/`, embedded.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Name: that of its file, without the extension.
    pub name: &'static str,
    /// File in `models/`.
    pub file: &'static str,
    /// The whole text.
    pub text: &'static str,
}

/// What a text describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `config.json` of a model.
    Model,
    /// Accelerator.
    Accelerator,
    /// Study of `trapti explore`.
    Study,
    /// Project of `trapti flow`.
    Project,
}

macro_rules! texts {
    ($folder:literal, $extension:literal: $($name:literal),* $(,)?) => {
        &[$(BuiltIn {
            name: $name,
            file: concat!($folder, "/", $name, $extension),
            text: include_str!(concat!("../models/", $folder, "/", $name, $extension)),
        }),*]
    };
}

const MODELS: &[BuiltIn] = texts!("huggingface", ".json":
    "bert-base-uncased",
    "deepseek-r1-distill-qwen-1.5b",
    "deepseek-v2-lite",
    "gemma-2-2b",
    "gemma-3-1b-it",
    "gpt2-xl",
    "granite-3.1-2b-base",
    "llama-3.2-1b",
    "mistral-7b-v0.1",
    "mixtral-8x7b-v0.1",
    "mobilellm-125m",
    "olmo-1b-hf",
    "phi-2",
    "qwen2.5-0.5b",
    "qwen3-0.6b",
    "roberta-base",
    "smollm2-135m",
    "t5-small",
    "tinyllama-1.1b",
    "vit-base-patch16-224",
    "whisper-tiny",
);

const ACCELERATORS: &[BuiltIn] = texts!("accelerators", ".toml":
    "coral-edge-tpu",
    "dual-scratchpad-l2",
    "edge-2x128",
    "ita-cluster",
    "nvdla-small",
    "tpu-v1-memories",
);

const STUDIES: &[BuiltIn] = texts!("studies", ".toml": "edge-llm", "trapti");

const PROJECTS: &[BuiltIn] = texts!("projects", ".toml": "edge-llm");

impl Kind {
    /// Everything of this kind, by name.
    pub fn all(self) -> &'static [BuiltIn] {
        match self {
            Kind::Model => MODELS,
            Kind::Accelerator => ACCELERATORS,
            Kind::Study => STUDIES,
            Kind::Project => PROJECTS,
        }
    }

    /// In a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Accelerator => "accelerator",
            Kind::Study => "study",
            Kind::Project => "project",
        }
    }

    fn named(self, name: &str) -> Option<&'static BuiltIn> {
        self.all().iter().find(|text| text.name == name)
    }

    /// What to do about a name that is neither a file nor built in.
    pub fn advice(self, name: &str) -> String {
        let names = self.all().iter().map(|text| text.name);
        match nearest(name, names.clone()) {
            Some(near) => format!("did you mean the built-in `{near}`?"),
            None => format!("built in: {}", names.collect::<Vec<_>>().join(", ")),
        }
    }
}

impl BuiltIn {
    /// The text with a path that says where it is from.
    pub fn source(&self) -> Arc<Source> {
        Source::new(Path::new("built-in").join(self.file), self.text)
    }
}

/// Reads the file of that path, or else what is built in under that name.
///
/// # Errors
/// `missing-file` if it is neither; [`Error::File`] for a file that cannot be read.
pub fn read(kind: Kind, given: &Path) -> Result<Arc<Source>> {
    read_beside(Path::new(""), kind, given)
}

/// As [`read`], with the folder that a relative path starts from.
///
/// # Errors
/// As [`read`].
pub fn read_beside(folder: &Path, kind: Kind, given: &Path) -> Result<Arc<Source>> {
    let path = folder.join(given);
    let name = given.to_string_lossy();
    match kind.named(&name).filter(|_| !path.exists() || path.is_dir()) {
        Some(text) => Ok(text.source()),
        None if path.exists() => Ok(Source::new(&path, artefact::read_text(&path)?)),
        None => {
            let message = format!("`{}` is neither a file nor a built-in {}", path.display(), kind.word());
            Err(Error::input(Diagnostic::new("missing-file", message).with_help(kind.advice(&name))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_wins_over_what_is_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| read_beside(folder.path(), Kind::Accelerator, Path::new(name));
        assert!(read("edge-2x128").unwrap().path.starts_with("built-in"));
        std::fs::create_dir(folder.path().join("edge-2x128")).unwrap();
        assert!(read("edge-2x128").unwrap().path.starts_with("built-in"), "a run may have that name");
        std::fs::write(folder.path().join("ita-cluster"), "mine").unwrap();
        assert_eq!(read("ita-cluster").unwrap().text, "mine");
        let told = read("edge-2x127").unwrap_err().to_string();
        assert!(told.contains("neither a file nor a built-in accelerator"), "{told}");
    }

    #[test]
    fn everything_of_the_folders_is_built_in() {
        let names = |folder: &str, extension: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(folder);
            let files = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            let files = files.filter(|file| file.extension().is_some_and(|e| e == extension));
            let mut names: Vec<_> = files.map(|f| f.file_stem().unwrap().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        for (kind, folder, extension) in [
            (Kind::Model, "huggingface", "json"),
            (Kind::Accelerator, "accelerators", "toml"),
            (Kind::Project, "projects", "toml"),
        ] {
            let built_in: Vec<_> = kind.all().iter().map(|text| text.name).collect();
            assert_eq!(built_in, names(folder, extension));
        }
        let studies = names("studies", "toml");
        assert!(Kind::Study.all().iter().all(|study| studies.contains(&study.name.to_string())));
    }
}
