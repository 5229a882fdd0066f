//! Studies: reading them, exploring a run, the artefact, selecting.
