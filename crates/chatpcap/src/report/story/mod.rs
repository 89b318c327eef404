//! The chat's story as text, Markdown, CSV or JSON.

mod document;
mod sentence;

use std::fmt::Write as _;

use super::layout::{Layout, Paint, allowed, painted, safe, wrapped};
use super::number::{counted, seconds};
use crate::ask::{Entry, Roles, Sight, Story, What};
use crate::trace::Trace;

use self::sentence::{Sentence, sentence};

/// Columns before what happened: seconds and blanks.
const INDENT: usize = 15;

/// A story, the captures that it comes from, and who is who in them.
#[derive(Debug)]
pub struct StoryReport<'a> {
    /// The story.
    pub story: &'a Story,
    /// The captures.
    pub traces: &'a [Trace],
    /// Who is who.
    pub roles: &'a Roles,
    /// What the reader should know.
    pub notices: &'a [String],
}

impl StoryReport<'_> {
    /// For people.
    pub fn text(&self, layout: &Layout) -> String {
        let paint = layout.paint;
        let mut out = String::new();
        for (index, trace) in self.traces.iter().enumerate() {
            let letter = match self.letter(index) {
                letter if letter.is_empty() => String::new(),
                letter => format!("frames {letter}: "),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{letter}{}", painted(paint.heading, safe(&trace.name)));
        }
        match self.roles.server {
            Some(server) => {
                let _ = writeln!(out, "server {} ({})", server.who, server.how);
            }
            None => out.push_str("no server is in the captures\n"),
        }
        if !self.story.entries.is_empty() {
            let _ = writeln!(
                out,
                "\n{}",
                painted(
                    paint.dim,
                    format!("{:>12}   what happened [frames]", "seconds")
                )
            );
        }
        for entry in &self.story.entries {
            out.push_str(&self.entry(entry, layout));
        }
        out.push('\n');
        out.push_str(&wrapped(&self.summary(), 0, layout.width()));
        for notice in self.notices {
            let notice = wrapped(&format!("notice: {}", safe(notice)), 0, layout.width());
            let _ = writeln!(out, "{}", painted(paint.warning, notice.trim_end()));
        }
        allowed(out, layout)
    }

    /// For a report.
    pub fn markdown(&self, layout: &Layout) -> String {
        let plain = Layout {
            paint: Paint::default(),
            ..*layout
        };
        let cell = super::markdown::escaped;
        let mut out = String::from("## The chat\n\n");
        for (index, trace) in self.traces.iter().enumerate() {
            let _ = writeln!(
                out,
                "- {}{}",
                self.letter(index),
                cell(&format!(" {}", trace.name))
            );
        }
        out.push_str("\n| seconds | what happened | how | frames |\n|---:|---|---|---|\n");
        for entry in &self.story.entries {
            let Sentence { main, details } = self.sentence(entry);
            let details = details.join("; ");
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                self.since(entry),
                cell(&main),
                cell(&details),
                self.frames(&sights(entry))
            );
        }
        let _ = writeln!(out, "\n{}", cell(&self.summary()));
        for notice in self.notices {
            let _ = writeln!(out, "- notice: {}", cell(notice));
        }
        allowed(out, &plain)
    }

    /// For a spreadsheet: a row an event.
    ///
    /// # Errors
    /// None that a string as a sink can raise; what the writer would say is passed on.
    pub fn csv(&self) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record([
            "time", "kind", "dialect", "what", "details", "copies", "guessed", "frames",
        ])?;
        for entry in &self.story.entries {
            let Sentence { main, details } = self.sentence(entry);
            writer.write_record([
                self.utc(entry),
                entry.what.name().to_owned(),
                entry.dialect.name().to_owned(),
                main,
                details.join("; "),
                entry.what.told().len().to_string(),
                entry.guessed.to_string(),
                self.frames(&sights(entry)),
            ])?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }

    /// For programs: `chatpcap/chat/1`.
    ///
    /// # Errors
    /// None that these types can raise; what `serde_json` would say is passed on.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        document::json(self)
    }

    fn sentence(&self, entry: &Entry) -> Sentence {
        sentence(entry, self.roles, self.precision(entry))
    }

    fn entry(&self, entry: &Entry, layout: &Layout) -> String {
        let Sentence { main, details } = self.sentence(entry);
        let frames = self.frames(&sights(entry));
        let main = wrapped(
            &format!("{} [{frames}]", safe(&main)),
            INDENT,
            layout.width(),
        );
        let style = match entry.what {
            What::Room { .. } | What::Private(_) => layout.paint.mark,
            What::Refused { .. } | What::Unclear { .. } => layout.paint.warning,
            _ => layout.paint.heading,
        };
        let mut out = format!(
            "{:>12}   {}\n",
            self.since(entry),
            painted(style, main.trim())
        );
        for detail in details {
            out.push_str(&wrapped(&safe(&detail), INDENT + 2, layout.width()));
        }
        out
    }

    fn since(&self, entry: &Entry) -> String {
        // All captures together begin with the earliest of them.
        let start = self.traces.iter().filter_map(|trace| trace.first).min();
        let since = entry.time.zip(start).map(|(time, start)| time.since(start));
        since.map_or_else(String::new, |since| seconds(since, self.precision(entry)))
    }

    fn utc(&self, entry: &Entry) -> String {
        let time = entry.time.map(|time| time.to_utc(self.precision(entry)));
        time.unwrap_or_default()
    }

    fn precision(&self, entry: &Entry) -> u8 {
        let trace = sights(entry)
            .first()
            .and_then(|sight| self.traces.get(sight.trace));
        trace.map_or(6, |trace| trace.precision)
    }

    /// `12`, or `a12,b15` where there are several captures.
    fn frames(&self, sights: &[Sight]) -> String {
        let frames = sights
            .iter()
            .map(|sight| format!("{}{}", self.letter(sight.trace), sight.frame));
        frames.collect::<Vec<_>>().join(",")
    }

    /// The letter of a capture, where there are several.
    fn letter(&self, index: usize) -> String {
        if self.traces.len() < 2 {
            return String::new();
        }
        let letter = u8::try_from(index)
            .ok()
            .and_then(|index| b'a'.checked_add(index));
        match letter.filter(u8::is_ascii_lowercase) {
            Some(letter) => char::from(letter).to_string(),
            None => format!("{index}:"),
        }
    }

    fn summary(&self) -> String {
        let (mut room, mut copies, mut private, mut acked, mut guessed) = (0, 0, 0, 0, 0);
        for entry in &self.story.entries {
            match &entry.what {
                What::Room { told, .. } => {
                    room += 1;
                    copies += super::number::count(told.len());
                }
                What::Private(message) => {
                    private += 1;
                    acked += u64::from(!message.acks.is_empty());
                }
                _ => {}
            }
            guessed += u64::from(entry.guessed);
        }
        let port = self.roles.port;
        if self.story.is_empty() {
            return format!("no chat here: nothing of it on TCP or UDP port {port}");
        }
        let mut parts = vec![format!(
            "{} with {}",
            counted(room, "room message"),
            counted(copies, "copy").replace("copys", "copies")
        )];
        let acks = if acked > 0 {
            format!(", {acked} acknowledged")
        } else {
            String::new()
        };
        parts.push(format!("{}{acks}", counted(private, "private message")));
        if guessed > 0 {
            parts.push(format!("{} marked as a guess", counted(guessed, "event")));
        }
        if self.story.others > 0 {
            parts.push(format!(
                "{} of the protocol that are not shown (greetings, keys, signs of life)",
                counted(self.story.others, "line")
            ));
        }
        parts.join("; ")
    }
}

/// Where an event was seen; one of which only the copies were captured is seen there.
fn sights(entry: &Entry) -> Vec<Sight> {
    if !entry.seen.is_empty() {
        return entry.seen.clone();
    }
    let copies = entry.what.told().iter();
    copies.flat_map(|told| told.seen.iter().copied()).collect()
}
