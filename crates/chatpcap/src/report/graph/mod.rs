//! The flow graph's drawings. A [`Script`] has the words; each form puts them in its place.

mod chat;
mod columns;
mod grid;
mod heading;
mod json;
mod ladder;
mod lines;
mod picture;
mod said;
mod script;
mod shaft;
mod shapes;
mod svg;
mod texts;
mod widths;
mod words;

pub(super) use self::chat::chat_graph;
pub use self::heading::node_text;
pub use self::json::graph_json;
pub use self::ladder::{Ladder, graph_text};
pub use self::script::{
    ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script, Severity, Style,
};
pub use self::svg::{SvgOptions, graph_svg, graph_svg_sheets};
pub use self::widths::Widths;
pub use self::words::{Times, Words};
