//! The `chatpcap` program.

fn main() {}
