//! End-to-end tests of the `sheaf` binary; see the files beside this one.
