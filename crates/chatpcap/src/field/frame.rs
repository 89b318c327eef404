//! Fields of the frame as it stands in the capture.

use std::borrow::Cow;

use super::{Field, Kind, Out, Scope, Value, View};
use crate::capture::Timestamp;
use crate::packet::dns::{Dns, PORT};
use crate::packet::{Packet, Protocol};

const SCOPE: Scope = Scope::Frame;

/// `frame.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("frame", "frame", SCOPE, |view, out| {
        let octets = view.frame.octets;
        out.value(Value::Protocol(octets, octets.len()));
    }),
    Field::with(
        "frame.number",
        "number in the file, from 1",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| out.unsigned(Some(view.frame.number)),
    ),
    Field::with(
        "frame.len",
        "length on the wire, in octets",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| out.unsigned(Some(view.frame.original_length)),
    ),
    Field::with(
        "frame.cap_len",
        "captured length, in octets",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| out.size(Some(view.frame.octets.len())),
    ),
    Field::with(
        "frame.time",
        "arrival time",
        SCOPE,
        Kind::Time,
        |view, out| {
            time(view, out);
        },
    ),
    Field::with(
        "frame.time_epoch",
        "arrival time, since 1970",
        SCOPE,
        Kind::Duration,
        time,
    ),
    Field::with(
        "frame.time_relative",
        "time since the first frame",
        SCOPE,
        Kind::Duration,
        |view, out| out.nanoseconds(since(view, view.clock.first)),
    ),
    Field::with(
        "frame.time_delta",
        "time since the frame before",
        SCOPE,
        Kind::Duration,
        |view, out| out.nanoseconds(since(view, view.clock.previous.or(view.frame.timestamp))),
    ),
    Field::with(
        "frame.time_delta_displayed",
        "time since the selected frame before",
        SCOPE,
        Kind::Duration,
        |view, out| {
            let before = view.clock.previous_selected.or(view.frame.timestamp);
            out.nanoseconds(since(view, before));
        },
    ),
    Field::with(
        "frame.interface_id",
        "interface, from 0; pcapng alone has it",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| out.unsigned(view.interface),
    ),
    Field::with(
        "frame.protocols",
        "headers, outermost first",
        SCOPE,
        Kind::Text,
        |view, out| out.text(Some(Cow::<str>::Owned(protocols(view.packet)))),
    )
    .needing(super::Needs::Packet),
    Field::with(
        "frame.marked",
        "marked by the user: never here",
        SCOPE,
        Kind::Boolean,
        |_, out| out.boolean(Some(false)),
    ),
    Field::with(
        "frame.ignored",
        "ignored by the user: never here",
        SCOPE,
        Kind::Boolean,
        |_, out| out.boolean(Some(false)),
    ),
];

fn time<'a>(view: &View<'a>, out: &mut Out<'a, '_>) {
    if let Some(time) = view.frame.timestamp {
        out.value(Value::from(time));
    }
}

fn since(view: &View<'_>, earlier: Option<Timestamp>) -> Option<i128> {
    let time = view.frame.timestamp?;
    Some(i128::from(time.since(earlier?)))
}

/// The names of the headers that were decoded, as `eth:ethertype:ip:tcp`. What TCP and UDP carry is
/// not named, but for DNS.
fn protocols(packet: &Packet<'_>) -> String {
    let mut names = Vec::new();
    let mut has_type = false;
    for layer in packet.layers() {
        // An EtherType is a layer of its own to Wireshark.
        let is_network = matches!(
            layer.protocol,
            Protocol::Ipv4 | Protocol::Ipv6 | Protocol::Arp | Protocol::Vlan | Protocol::Mpls
        );
        if has_type && is_network {
            names.push("ethertype");
        }
        has_type = matches!(
            layer.protocol,
            Protocol::Ethernet | Protocol::Vlan | Protocol::LinuxSll | Protocol::LinuxSll2
        );
        if layer.protocol != Protocol::Extension {
            names.push(layer.protocol.name());
        }
    }
    Dns::messages(packet, &[PORT], &mut |_| names.push("dns"));
    names.join(":")
}
