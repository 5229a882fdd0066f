//! TOML with spans to checked values; all diagnostics at once.
