//! The flow graph's drawings. A [`Script`] has the words; each form puts them in its place.

mod script;

pub use self::script::{
    ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script, Severity, Style,
};
