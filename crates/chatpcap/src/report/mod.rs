//! The report stage: an analysis as text, JSON, CSV or Markdown.
//!
//! The renderers return text and write nowhere. The same analysis gives the same octets. Whatever
//! comes from outside (names of files) is made safe for a terminal first.

mod answers;
mod csv;
mod flow_graph;
mod handshake;
mod hex_dump;
mod json;
mod ladder;
mod layout;
mod markdown;
mod number;
mod summary;
mod text;
mod udp_header;

pub use self::csv::csv;
pub use self::flow_graph::{FlowGraph, Node, Row};
pub use self::json::json;
pub use self::layout::{Layout, Paint, safe};
pub use self::markdown::markdown;
pub use self::text::text;
