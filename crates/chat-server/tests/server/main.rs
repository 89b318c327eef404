//! The server on real sockets, among friends and among enemies.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a helper of a test is a test"
)]

mod crash;
mod disk;
mod guessing;
mod hostile;
mod lab;
mod log;
mod peer;
mod program;
mod room;
mod tls;
mod tls_program;
