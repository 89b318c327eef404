//! A client under attack, on real sockets: by datagrams that others did not send, and by its own
//! server.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test is a test"
)]

#[path = "../../examples/flood/forger.rs"]
mod forger;
#[path = "../../examples/flood/stage.rs"]
mod stage;

mod client;
mod datagrams;
mod server;
