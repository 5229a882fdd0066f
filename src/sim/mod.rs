//! Stage I: the transaction-level simulator. From a workload and an accelerator to a [`crate::trace::Run`].
