//! The UDP header of a datagram, drawn as its four fields.

use std::fmt::Write as _;

use super::layout::{Layout, painted, wrapped};
use super::summary::of_file;
use crate::ask::Analysis;
use crate::packet::{Field, udp};

/// Columns of one field: 16 bits.
const CELL: usize = 24;

/// The header of the datagram that the UDP answers are shown on; nothing where there is none.
pub(super) fn udp_header(analysis: &Analysis, layout: &Layout) -> String {
    let mut out = String::new();
    let Some(datagram) = analysis.datagram() else {
        return out;
    };
    let Some(trace) = analysis.traces.get(datagram.trace) else {
        return out;
    };
    let flow = &datagram.flow.flow;
    let direction = datagram.first.direction;
    let place = datagram.header_offset().map_or_else(
        || "put together from fragments".to_owned(),
        |start| format!("octets {start} to {}", start + udp::HEADER - 1),
    );
    let file = of_file(analysis, datagram.trace);
    let title = format!("UDP header: frame {}{file}, {place}", datagram.first.frame);
    let (from, to) = (flow.sender(direction), flow.receiver(direction));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", painted(layout.paint.heading, title));
    let ends = format!("{from} to {to}, udp.stream {}", flow.index);
    let _ = writeln!(out, "{}", wrapped(&ends, 2, layout.width()));

    let header = datagram.header(trace);
    let cells = udp::FIELDS.map(|field| cell(field, header));
    let [line, bar] = if layout.ascii {
        ["-", "|"]
    } else {
        ["─", "│"]
    };
    let rules: [[&str; 3]; 3] = if layout.ascii {
        [["+"; 3]; 3]
    } else {
        [["┌", "┬", "┐"], ["├", "┼", "┤"], ["└", "┴", "┘"]]
    };
    let dashes = line.repeat(CELL);
    let [top, middle, bottom] = rules.map(|[a, b, c]| format!("  {a}{dashes}{b}{dashes}{c}\n"));
    let row = |[left, right]: [&Cell; 2]| {
        let width = CELL - 1;
        let names = format!(
            "  {bar} {:<width$}{bar} {:<width$}{bar}\n",
            left.name, right.name
        );
        format!(
            "{names}  {bar} {:<width$}{bar} {:<width$}{bar}\n",
            left.value, right.value
        )
    };
    let [source, destination, length, checksum] = &cells;
    let _ = writeln!(out, "   {:<CELL$} {:>CELL$}", "bit 0", "bit 31");
    out.push_str(&top);
    out.push_str(&row([source, destination]));
    out.push_str(&middle);
    out.push_str(&row([length, checksum]));
    out.push_str(&bottom);
    let length = usize::from(datagram.first.length);
    let payload = length.saturating_sub(udp::HEADER);
    let _ = writeln!(
        out,
        "  length {length} = {} octets of header + {payload} octets of payload",
        udp::HEADER
    );
    out
}

/// A field: what it is called, and its octets with what they say.
pub(super) struct Cell {
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) fn cell(field: Field, header: [u8; udp::HEADER]) -> Cell {
    let octets = header.iter().skip(field.offset).take(field.length);
    let value = octets
        .clone()
        .fold(0_u16, |value, octet| value << 8 | u16::from(*octet));
    let digits: Vec<String> = octets.map(|octet| format!("{octet:02x}")).collect();
    let digits = digits.join(" ");
    let value = if field == udp::CHECKSUM {
        format!("{value:#06x}")
    } else {
        value.to_string()
    };
    Cell {
        name: field.name.replace('_', " "),
        value: format!("{digits} = {value}"),
    }
}
