//! Fields of TCP segments as `tshark -T fields` prints them, to compare ours with its.

use std::collections::HashMap;

use chatpcap::flow::Segment;

/// The fields that are compared.
pub const COLUMNS: &[&str] = &[
    "tcp.seq",
    "tcp.nxtseq",
    "tcp.ack",
    "tcp.window_size",
    "tcp.window_size_scalefactor",
    "tcp.time_relative",
    "tcp.time_delta",
    "tcp.analysis",
    "tcp.analysis.flags",
    "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.spurious_retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.duplicate_ack",
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.duplicate_ack_frame",
    "tcp.analysis.lost_segment",
    "tcp.analysis.ack_lost_segment",
    "tcp.analysis.zero_window",
    "tcp.analysis.zero_window_probe",
    "tcp.analysis.zero_window_probe_ack",
    "tcp.analysis.window_full",
    "tcp.analysis.window_update",
    "tcp.analysis.keep_alive",
    "tcp.analysis.keep_alive_ack",
    "tcp.analysis.reused_ports",
    "tcp.analysis.acks_frame",
    "tcp.analysis.ack_rtt",
    "tcp.analysis.initial_rtt",
    "tcp.analysis.bytes_in_flight",
    "tcp.analysis.push_bytes_sent",
    "tcp.analysis.rto",
    "tcp.analysis.rto_frame",
];

/// What `tshark -T fields -E header=y` printed, a row a frame.
#[derive(Debug)]
pub struct Table<'a> {
    columns: HashMap<&'a str, usize>,
    rows: HashMap<u64, Vec<&'a str>>,
}

impl<'a> Table<'a> {
    /// Reads the table; its first column is `frame.number`.
    pub fn parse(text: &'a str) -> Self {
        let mut lines = text.lines().map(|line| line.split('\t'));
        let header = lines.next().into_iter().flatten();
        let columns = header.enumerate().map(|(place, name)| (name, place));
        let rows = lines.filter_map(|line| {
            let row: Vec<&str> = line.collect();
            Some((row.first()?.parse().ok()?, row))
        });
        Self {
            columns: columns.collect(),
            rows: rows.collect(),
        }
    }

    /// What stands in a column of a frame's row; several values have commas between them. `None` where
    /// the table has no such frame or column.
    pub fn get(&self, frame: u64, column: &str) -> Option<&'a str> {
        let place = self.columns.get(column)?;
        self.rows.get(&frame)?.get(*place).copied()
    }
}

/// A segment's value as tshark prints it; `None` where the segment has no such field.
pub fn value(segment: &Segment, column: &str) -> Option<String> {
    let flag = |flag: bool| flag.then(|| "1".to_owned());
    match column {
        "tcp.seq" => return Some(segment.seq.to_string()),
        "tcp.nxtseq" => return segment.next_seq.map(|next| next.to_string()),
        "tcp.ack" => return Some(segment.ack.to_string()),
        "tcp.window_size" => return Some(segment.window.to_string()),
        "tcp.window_size_scalefactor" => {
            return segment.window_scale_factor.map(|scale| scale.to_string());
        }
        "tcp.time_relative" => return segment.time_relative.map(seconds),
        "tcp.time_delta" => return segment.time_delta.map(seconds),
        _ => {}
    }
    let analysis = segment.analysis?;
    match column
        .strip_prefix("tcp.analysis")
        .expect("a field of the analysis")
    {
        "" => flag(analysis.is_there),
        ".flags" => flag(analysis.flags()),
        ".retransmission" => flag(analysis.retransmission),
        ".fast_retransmission" => flag(analysis.fast_retransmission),
        ".spurious_retransmission" => flag(analysis.spurious_retransmission),
        ".out_of_order" => flag(analysis.out_of_order),
        // Twice, as tshark has it: once as an item of its own, once above the number.
        ".duplicate_ack" => analysis.duplicate_ack.then(|| "1,1".to_owned()),
        ".duplicate_ack_num" => analysis.duplicate_ack_num.map(|number| number.to_string()),
        ".duplicate_ack_frame" => analysis.duplicate_ack_frame.map(|frame| frame.to_string()),
        ".lost_segment" => flag(analysis.lost_segment),
        ".ack_lost_segment" => flag(analysis.ack_lost_segment),
        ".zero_window" => flag(analysis.zero_window),
        ".zero_window_probe" => flag(analysis.zero_window_probe),
        ".zero_window_probe_ack" => flag(analysis.zero_window_probe_ack),
        ".window_full" => flag(analysis.window_full),
        ".window_update" => flag(analysis.window_update),
        ".keep_alive" => flag(analysis.keep_alive),
        ".keep_alive_ack" => flag(analysis.keep_alive_ack),
        ".reused_ports" => flag(analysis.reused_ports),
        ".acks_frame" => analysis.acks_frame.map(|frame| frame.to_string()),
        ".ack_rtt" => analysis.ack_rtt.map(seconds),
        ".initial_rtt" => analysis.initial_rtt.map(seconds),
        ".bytes_in_flight" => analysis.bytes_in_flight.map(|octets| octets.to_string()),
        ".push_bytes_sent" => analysis.push_bytes_sent.map(|octets| octets.to_string()),
        ".rto" => analysis.rto.map(seconds),
        ".rto_frame" => analysis.rto_frame.map(|frame| frame.to_string()),
        other => panic!("no field tcp.analysis{other}"),
    }
}

/// An interval as tshark prints it: seconds with nine decimal digits.
pub fn seconds(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let interval = nanoseconds.unsigned_abs();
    format!(
        "{sign}{}.{:09}",
        interval / 1_000_000_000,
        interval % 1_000_000_000
    )
}
