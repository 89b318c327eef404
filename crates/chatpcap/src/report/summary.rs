//! What the captures are, and who is who in them.

use std::fmt::Write as _;

use super::layout::{Layout, painted, safe, wrapped};
use super::number::{count, counted, grouped, seconds};
use crate::ask::Analysis;
use crate::trace::Trace;

/// Link types that are named: real captures have one or two.
const MAX_LINKS: usize = 8;

/// What one capture is: format, size, times, protocols, and what is wrong with it.
pub(super) fn capture(trace: &Trace, layout: &Layout) -> String {
    let mut out = format!("{}\n", painted(layout.paint.heading, safe(&trace.name)));
    for line in facts(trace) {
        out.push_str(&wrapped(&line, 2, layout.width()));
    }
    for notice in &trace.notices {
        let text = wrapped(&format!("notice: {notice}"), 2, layout.width());
        let _ = writeln!(out, "{}", painted(layout.paint.warning, text.trim_end()));
    }
    out
}

/// Up to three lines: the file, the times, the protocols.
pub(super) fn facts(trace: &Trace) -> Vec<String> {
    let octets = counted(trace.octets, "octet");
    let frames = match trace.unselected {
        0 => counted(trace.packets, "frame"),
        others => format!(
            "{} of {}",
            trace.packets,
            counted(trace.packets.saturating_add(others), "frame")
        ),
    };
    let mut lines = vec![format!(
        "{}, {frames}, {octets} on the wire",
        format_and_links(trace)
    )];
    if let (Some(first), Some(last)) = (trace.first, trace.last) {
        lines.push(format!(
            "{} to {}, {} s",
            first.to_utc(trace.precision),
            last.to_utc(trace.precision),
            seconds(last.since(first), trace.precision)
        ));
    }
    lines.extend(protocols(trace));
    lines
}

/// `pcap in gzip, EN10MB`.
pub(super) fn format_and_links(trace: &Trace) -> String {
    let mut file = trace.format.to_string();
    // Writing to a string cannot fail.
    if let Some(compression) = trace.compression {
        let _ = write!(file, " in {compression}");
    }
    for link in trace.links.iter().take(MAX_LINKS) {
        let _ = write!(file, ", {}", link.link_type.name());
        if trace.links.len() > 1 {
            let _ = write!(file, " ({})", counted(link.packets, "frame"));
        }
    }
    if let Some(more @ 1..) = trace.links.len().checked_sub(MAX_LINKS) {
        let _ = write!(file, " and {}", counted(count(more), "more link type"));
    }
    file
}

/// `frames with ARP 8, IPv4 41; flows: TCP 1, UDP 2`; `None` where there is no such frame.
pub(super) fn protocols(trace: &Trace) -> Option<String> {
    let protocols = &trace.protocols;
    let counts = [
        (protocols.arp, "ARP"),
        (protocols.ipv4, "IPv4"),
        (protocols.ipv6, "IPv6"),
        (protocols.icmp, "ICMP"),
        (protocols.icmpv6, "ICMPv6"),
        (protocols.tcp, "TCP"),
        (protocols.udp, "UDP"),
        (protocols.dns, "DNS"),
        (protocols.vlan, "VLAN"),
    ];
    let present = counts.iter().filter(|(frames, _)| *frames > 0);
    let present: Vec<_> = present
        .map(|(frames, name)| format!("{name} {}", grouped(*frames)))
        .collect();
    (!present.is_empty()).then(|| {
        format!(
            "frames with {}; flows: TCP {}, UDP {}",
            present.join(", "),
            grouped(count(trace.flows.shown_tcp().count())),
            grouped(count(trace.flows.shown_udp().count()))
        )
    })
}

/// Who is who: name, address, and how that is known.
pub(super) fn roles(analysis: &Analysis) -> Vec<[String; 3]> {
    let roles = &analysis.roles;
    let row = |name: &str, who: String, how: String| [name.to_owned(), who, how];
    let server = roles
        .server
        .map(|role| row("server", role.who.to_string(), role.how.to_string()));
    let client1 = roles
        .client1
        .map(|role| row("client1", role.who.to_string(), role.how.to_string()));
    let client2 = roles
        .client2
        .map(|role| row("client2", role.who.to_string(), role.how.to_string()));
    [server, client1, client2].into_iter().flatten().collect()
}

/// The one line that a capture without the lab's traffic gets instead of answers.
pub(super) fn no_chat(analysis: &Analysis) -> String {
    let port = analysis.roles.port;
    let hint = analysis.server_hint();
    format!("no chat here: nothing on TCP or UDP port {port}{hint}")
}

/// ` of client1.pcap`, where there are several captures to tell apart.
pub(super) fn of_file(analysis: &Analysis, index: usize) -> String {
    if analysis.traces.len() > 1 {
        format!(" of {}", short_name(analysis, index))
    } else {
        String::new()
    }
}

/// The captures' names, safe to print, without their folders where that tells them apart.
pub fn short_names(analysis: &Analysis) -> Vec<String> {
    (0..analysis.traces.len())
        .map(|index| short_name(analysis, index))
        .collect()
}

/// The capture's name without its folder, where that tells the captures apart.
pub(super) fn short_name(analysis: &Analysis, index: usize) -> String {
    let last = |trace: &Trace| {
        trace
            .name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let Some(trace) = analysis.traces.get(index) else {
        return String::new();
    };
    let short = last(trace);
    let is_unique = analysis
        .traces
        .iter()
        .filter(|other| last(other) == short)
        .count()
        == 1;
    safe(if is_unique { &short } else { &trace.name })
}
