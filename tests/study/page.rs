//! Two models over prompt length: a page drawn from docs/mha-vs-gqa.json.
