//! The flow graph's drawings. A [`Script`] has the words; each form puts them in its place.

mod columns;
mod ladder;
mod lines;
mod script;
mod shaft;
mod widths;

pub use self::ladder::{Ladder, graph_text};
pub use self::script::{
    ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script, Severity, Style,
};
pub use self::widths::Widths;
