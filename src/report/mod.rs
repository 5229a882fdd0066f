//! One self-contained HTML page from any subset of the artefacts.
