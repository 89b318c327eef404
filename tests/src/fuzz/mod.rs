//! What fuzzers run: any octets give a right result or a clear error.
//!
//! A target is a function of octets, with seeds to begin with. `tests/fuzz` runs it under libFuzzer;
//! `tests/tests/fuzz.rs` replays what was found, the seeds, and some thousand changes of them.

pub mod analysis;
mod assert;
pub mod capture;
pub mod client;
pub mod datagram;
pub mod filter;
pub mod frames;
pub mod hand_in;
pub mod lab;
mod markup;
pub mod packet;
pub mod reassembly;
pub mod rubric;
mod scene;
pub mod scram;
pub mod session;
pub mod sheet;
mod tape;

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, that of its file.
    pub name: &'static str,
    /// Panics where something is wrong.
    pub check: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("analysis", analysis::check, analysis::seeds),
    target("capture", capture::check, capture::seeds),
    target("client", client::check, client::seeds),
    target("datagram", datagram::check, datagram::seeds),
    target("filter", filter::check, filter::seeds),
    target("frames", frames::check, frames::seeds),
    target("hand_in", hand_in::check, hand_in::seeds),
    target("lab", lab::check, lab::seeds),
    target("packet", packet::check, packet::seeds),
    target("reassembly", reassembly::check, reassembly::seeds),
    target("rubric", rubric::check, rubric::seeds),
    target("scram", scram::check, scram::seeds),
    target("session", session::check, session::seeds),
    target("sheet", sheet::check, sheet::seeds),
];

const fn target(name: &'static str, check: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, check, seeds }
}
