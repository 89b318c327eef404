//! What one packet says: its headers, their fields, and where in the frame these stand.

use std::ops::Range;

use crate::field::{self, Dissection, Field, Kind, Scope, Value};
use crate::packet::Header;
use crate::report::safe;

/// Octets of a frame that are kept for the dump.
const MAX_OCTETS: usize = 64 << 10;
/// Values of one field in one header: a DNS message has thousands of names.
const MAX_VALUES: usize = 8;
/// Values in one header: a segment has thousands of DNS messages.
const MAX_FIELDS: usize = 1000;
/// Characters of a value that are kept; a line shows less.
const MAX_VALUE: usize = 200;

/// What one packet says.
#[derive(Clone, Debug)]
pub(super) struct Detail {
    /// Headers from the outside inwards, each with its fields behind it.
    pub(super) lines: Vec<Line>,
    /// The frame, as far as it is kept.
    pub(super) octets: Vec<u8>,
    /// How many more octets were captured.
    pub(super) left_out: usize,
}

/// A header, or a field of the last header before it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) is_header: bool,
    /// The name in filters.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The value as tshark prints it, safe to show.
    pub(super) value: String,
    /// How a filter asks for the value.
    quote: Quote,
    /// Its octets in the frame; those of the header where a field has none of its own; nothing where
    /// the header was put together from fragments.
    pub(super) range: Option<Range<usize>>,
}

impl Line {
    /// A filter that selects packets in which it says the same; of some headers filters know nothing.
    pub(super) fn filter(&self) -> Option<String> {
        let name = field::find(self.name)?.name;
        Some(match self.quote {
            Quote::Absent => name.to_owned(),
            Quote::Bare => format!("{name} == {}", self.value),
            Quote::Quoted => {
                let value = self.value.replace('\\', "\\\\").replace('"', "\\\"");
                format!("{name} == \"{value}\"")
            }
            Quote::Colons => {
                let digits: Vec<char> = self.value.chars().filter(|digit| *digit != ':').collect();
                let octets: Vec<String> =
                    digits.chunks(2).map(|pair| pair.iter().collect()).collect();
                format!("{name} == {}", octets.join(":"))
            }
        })
    }
}

/// How a value stands in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    /// Not at all: there is none, or it is not shown as it is.
    Absent,
    /// As it is.
    Bare,
    /// In quotes.
    Quoted,
    /// With colons between octets.
    Colons,
}

/// One part of the frame: a header, a message.
struct Part {
    head: Line,
    /// The end of what the header carries.
    end: usize,
    fields: Vec<Line>,
}

impl Detail {
    pub(super) fn new(seen: &Dissection<'_>) -> Self {
        let mut parts = parts(seen);
        let layers = seen.packet.layers();
        for field in field::all() {
            // Values of the field so far in the header before.
            let mut count = (0, 0);
            field.read(seen, &mut |ordinal, value| {
                count = match count {
                    (last, count) if last == ordinal => (last, count + 1),
                    _ => (ordinal, 0),
                };
                let (part, header) = match field.scope {
                    Scope::Frame => (0, None),
                    Scope::Layers(protocols) => {
                        let own = layers.iter().enumerate();
                        let mut own = own.filter(|(_, layer)| protocols.contains(&layer.protocol));
                        let Some((index, layer)) = own.nth(ordinal.saturating_sub(1)) else {
                            return;
                        };
                        (index + 1, Some(seen.packet.header(layer)))
                    }
                    Scope::Dns(_) => (layers.len() + 1, None),
                    Scope::Chat => (layers.len() + 2, None),
                };
                if let Some(part) = parts.get_mut(part) {
                    part.add(field, count.1, &value, header);
                }
            });
        }
        let mut lines = Vec::new();
        let mut payload = None;
        for part in parts {
            let Part {
                mut head,
                fields,
                end,
            } = part;
            match head.name {
                "tcp" | "udp" => payload = head.range.as_ref().map(|range| range.end..end),
                // Of messages there is a part whether there is a message or not.
                "dns" | "chat" if fields.is_empty() => continue,
                "dns" | "chat" => head.range.clone_from(&payload),
                _ => {}
            }
            let range = head.range.clone();
            lines.push(head);
            lines.extend(fields.into_iter().map(|line| {
                let whole = match line.name {
                    "tcp.payload" | "udp.payload" => &payload,
                    _ => &range,
                };
                let range = line.range.or_else(|| whole.clone());
                Line { range, ..line }
            }));
        }
        let octets = seen.frame.octets;
        let kept = octets.get(..MAX_OCTETS).unwrap_or(octets);
        Self {
            lines,
            octets: kept.to_vec(),
            left_out: octets.len().saturating_sub(kept.len()),
        }
    }

    /// Octets that it takes, about.
    pub(super) fn cost(&self) -> usize {
        let lines = self.lines.iter();
        let texts: usize = lines.map(|line| size_of::<Line>() + line.value.len()).sum();
        self.octets.len() + texts
    }
}

/// The frame, its headers, its DNS messages and what the chat says, without their fields.
fn parts(seen: &Dissection<'_>) -> Vec<Part> {
    let head = |name: &'static str, range, end| Part {
        head: Line {
            is_header: true,
            name,
            title: field::find(name).map_or("", |field| field.title),
            value: String::new(),
            quote: Quote::Absent,
            range,
        },
        end,
        fields: Vec::new(),
    };
    let length = seen.frame.octets.len();
    let mut parts = vec![head("frame", Some(0..length), length)];
    let layers = seen.packet.layers();
    for (index, layer) in layers.iter().enumerate() {
        let header = seen.packet.header(layer);
        let next = layers.get(index + 1).map(|next| seen.packet.header(next));
        let end = header.start().unwrap_or(0) + header.octets().len();
        let range = header.start().map(|start| {
            let next = next.and_then(|next| next.start());
            start..next.filter(|next| *next > start).unwrap_or(end).min(end)
        });
        parts.push(head(layer.protocol.name(), range, end));
    }
    parts.push(head("dns", None, 0));
    parts.push(head("chat", None, 0));
    parts
}

impl Part {
    /// Adds a value of a field, the `nth` in this header.
    fn add(&mut self, field: &Field, nth: usize, value: &Value<'_>, header: Option<Header<'_>>) {
        if field.name == self.head.name {
            if let (Value::Protocol(_, length), Some(range)) = (value, &mut self.head.range) {
                range.end = range.end.min(range.start.saturating_add(*length));
            }
            return;
        }
        if nth > MAX_VALUES || self.fields.len() >= MAX_FIELDS {
            return;
        }
        let range = header.and_then(|header| {
            let places = field.places().iter();
            let mut there = places.filter(|place| header.bytes(**place).is_some());
            let place = there.nth(nth)?;
            let start = header.offset_of(*place)?;
            Some(start..start + place.length)
        });
        let printed = field.print(value);
        let shown = if nth == MAX_VALUES {
            "(and more)".to_owned()
        } else {
            short(&safe(&printed))
        };
        let quote = match field.kind {
            Kind::Label | Kind::Protocol => Quote::Absent,
            _ if shown != printed || shown.is_empty() => Quote::Absent,
            Kind::Text | Kind::Time => Quote::Quoted,
            Kind::Bytes => Quote::Colons,
            _ => Quote::Bare,
        };
        self.fields.push(Line {
            is_header: false,
            name: field.name,
            title: field.title,
            value: shown,
            quote,
            range,
        });
    }
}

/// Text of at most [`MAX_VALUE`] characters.
fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use super::*;
    use crate::capture::Capture;
    use crate::field::Needs;
    use crate::filter::Filter;
    use crate::trace::Pass;

    fn each(capture: &str, look: &mut dyn FnMut(&Dissection<'_>, &Detail)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures");
        let capture = Capture::open(&folder.join(capture)).unwrap();
        let mut pass = Pass::new(capture, None, Needs::Analysis);
        pass.run(&mut |_| (), &mut |seen, _| {
            look(seen, &Detail::new(seen));
            ControlFlow::Continue(())
        });
    }

    #[test]
    fn the_filter_of_a_line_selects_its_packet() {
        for capture in [
            "python-lab/client1.pcap",
            "ipv6/client1.pcap",
            "any/client1.pcap",
        ] {
            let mut lines = 0;
            each(capture, &mut |seen, detail| {
                for line in &detail.lines {
                    let Some(filter) = line.filter() else {
                        assert_eq!(line.name, "ip extension header");
                        continue;
                    };
                    let number = seen.frame.number;
                    match Filter::new(&filter) {
                        Ok(test) => assert!(test.selects(seen), "{capture} {number}: {filter}"),
                        Err(error) => panic!("{capture} {number}: {filter}: {error}"),
                    }
                    lines += 1;
                }
            });
            assert!(lines > 1000, "{capture}: {lines}");
        }
    }

    #[test]
    fn octets_of_lines_are_in_the_frame() {
        each("any/client1.pcap", &mut |seen, detail| {
            let length = seen.frame.octets.len();
            for line in &detail.lines {
                let range = line.range.clone().unwrap();
                assert!(range.start <= range.end && range.end <= length, "{line:?}");
            }
            assert_eq!(detail.octets, seen.frame.octets);
        });
    }
}
