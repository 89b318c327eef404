//! The answers as CSV: one row an answer.

use super::number::hex;
use crate::ask::Analysis;

/// The columns.
const HEADER: [&str; 9] = [
    "answer", "value", "file", "frame", "offset", "length", "bytes", "filter", "why",
];

/// The answers as CSV (RFC 4180), with a header line. An answer that the captures do not show has no
/// value, and the reason as its `why`.
///
/// # Errors
/// None that a string as a sink can raise; what the writer would say is passed on.
pub fn csv(analysis: &Analysis) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for answer in &analysis.answers {
        let key = answer.question.key();
        match &answer.result {
            Ok(evidence) => {
                let file = analysis
                    .traces
                    .get(evidence.trace)
                    .map_or("", |trace| &trace.name);
                writer.write_record([
                    key,
                    &evidence.value.to_string(),
                    file,
                    &evidence.frame.to_string(),
                    &evidence
                        .offset()
                        .map_or_else(String::new, |offset| offset.to_string()),
                    &evidence.length.to_string(),
                    &hex(&evidence.bytes),
                    &evidence.filter(),
                    &evidence.why,
                ])?;
            }
            Err(reason) => {
                writer.write_record([key, "", "", "", "", "", "", "", reason.as_str()])?;
            }
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
