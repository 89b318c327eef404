//! The report stage: an analysis as text, JSON, CSV or Markdown.
//!
//! The renderers return text and write nowhere. The same analysis gives the same octets. Whatever
//! comes from outside (names of files) is made safe for a terminal first.

mod answers;
mod check;
mod check_json;
mod conversations;
mod csv;
mod doctor;
mod essay;
mod follow;
mod grade;
mod graph;
mod handshake;
mod hex_dump;
mod json;
mod junit;
mod layout;
mod markdown;
mod number;
mod packet;
mod story;
mod summary;
mod table;
mod text;
mod udp_header;

pub use self::check::{Check, check_text};
pub use self::check_json::check_json;
pub use self::conversations::{
    COLUMNS, Choice, Column, ConversationRows, RowForm, conversations_markdown, conversations_text,
};
pub use self::csv::csv;
pub use self::doctor::{Examined, doctor, doctor_json};
pub use self::essay::EssayReport;
pub use self::follow::{FollowForm, FollowReport};
pub use self::grade::{
    class_csv, class_html, class_json, class_text, gradescope, page_html, page_names, page_text,
};
pub use self::graph::{
    ArrowText, CaptureText, Entry, FlowText, Ladder, MarkText, NodeText, Note, Script, Severity,
    Style, SvgOptions, Times, Widths, Words, graph_html, graph_json, graph_markdown, graph_mermaid,
    graph_plantuml, graph_svg, graph_svg_sheets, graph_text, node_text,
};
pub(crate) use self::hex_dump::hex_dump;
pub use self::json::json;
pub use self::junit::check_junit;
pub(crate) use self::layout::allowed;
pub use self::layout::{Layout, Paint, safe};
pub use self::markdown::markdown;
pub(crate) use self::number::{count, counted, grouped, seconds};
pub use self::packet::{FieldForm, FieldList, Occurrence, PacketForm, PacketList, PacketRow};
pub use self::story::StoryReport;
pub use self::summary::short_names;
pub use self::text::text;
