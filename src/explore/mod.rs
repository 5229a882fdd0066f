//! Stage II: tries bank organisations and gating policies on runs, and selects.
