//! What captures tell of the chat.

use chatpcap::ask::{Given, Roles, Story};
use chatpcap::report::{Layout, StoryReport};
use chatpcap::trace::{Speech, Trace};

/// The story in every form: text, Markdown, CSV and JSON, which is checked to be JSON.
pub fn story_texts(
    traces: &[Trace],
    speeches: &[Speech],
    given: &Given,
    layout: &Layout,
) -> [String; 4] {
    let report = StoryReport {
        story: &Story::new(speeches),
        roles: &Roles::find(given, traces),
        notices: &Story::notices(traces, speeches),
        traces,
    };
    let json = report.json().unwrap();
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    [
        report.text(layout),
        report.markdown(layout),
        report.csv().unwrap(),
        json,
    ]
}
