//! The flow graph's drawings. A [`Script`] has the words; each form puts them in its place.

mod columns;
mod grid;
mod ladder;
mod lines;
mod picture;
mod script;
mod shaft;
mod shapes;
mod svg;
mod texts;
mod widths;

pub use self::ladder::{Ladder, graph_text};
pub use self::script::{
    ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script, Severity, Style,
};
pub use self::svg::{SvgOptions, graph_svg, graph_svg_sheets};
pub use self::widths::Widths;
