//! The flow graph's drawings. A [`Script`] has the words; each form puts them in its place.

mod chat;
mod columns;
mod diagram;
mod grid;
mod heading;
mod html;
mod json;
mod ladder;
mod lines;
mod markdown;
mod mermaid;
mod picture;
mod plantuml;
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
pub use self::html::graph_html;
pub use self::json::graph_json;
pub use self::ladder::{Ladder, graph_text};
pub use self::markdown::graph_markdown;
pub use self::mermaid::graph_mermaid;
pub use self::plantuml::graph_plantuml;
pub use self::script::{
    ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script, Severity, Style,
};
pub use self::svg::{SvgOptions, graph_svg, graph_svg_sheets};
pub use self::widths::Widths;
pub use self::words::{Times, Words};
