//! Reads packet captures of a chat over TCP and UDP, and answers questions about them with evidence.

pub mod ask;
pub mod capture;
pub mod field;
pub mod filter;
pub mod flow;
pub mod grade;
pub mod graph;
pub mod packet;
pub mod report;
pub mod trace;
pub mod tui;
pub mod verify;
