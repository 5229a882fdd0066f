//! The error of the library, and the exit code each kind leads to.

use crate::diagnostic::Diagnostic;
use std::path::PathBuf;

/// Result of a library function.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a function could not give an answer.
///
/// An infeasible design point, a failed check or a thrashing memory are results, not errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is wrong; every problem that was found.
    #[error("{}", summary(.0))]
    Input(Vec<Diagnostic>),
    /// A file could not be read or written.
    #[error("{action} {}: {source}", path.display())]
    File {
        /// What was attempted, such as `cannot read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A tool is not installed.
    #[error("{tool} is not on this machine, needed to {purpose}; install it with: {install}")]
    MissingTool {
        /// Program name.
        tool: String,
        /// What it is needed for.
        purpose: String,
        /// Command that installs it.
        install: String,
    },
    /// An external tool ran and failed.
    #[error("{tool} failed: {message}")]
    Tool {
        /// Program name.
        tool: String,
        /// The end of what it printed.
        message: String,
    },
    /// An artefact does not have the form it should have.
    #[error("{}: {message}", path.display())]
    Artefact {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
}

impl Error {
    /// Exit code of the command line: 2 for bad usage or input, 3 for a missing tool, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Input(_) | Error::Artefact { .. } | Error::File { .. } => 2,
            Error::MissingTool { .. } => 3,
            Error::Tool { .. } => 1,
        }
    }

    /// Wraps an I/O error with the file it concerns: `.map_err(Error::file("cannot read", path))`.
    pub fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::File { action, path, source }
    }

    /// An input error of one diagnostic.
    pub fn input(diagnostic: Diagnostic) -> Error {
        Error::Input(vec![diagnostic])
    }
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    match diagnostics {
        [one] => one.message.clone(),
        [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
        [] => "invalid input".into(),
    }
}
