//! The field stage: what a frame holds, by the names that Wireshark's display filters have for it.
//!
//! Each protocol has one file with a table, a row a [`Field`]: name, title, kind, how it prints and
//! where it is read. The table is all that filters, `packets -e`, `chatpcap fields` and the
//! documentation know of a field.
//!
//! A field may have no value in a frame, or several: a frame has two IP addresses, and inside an
//! ICMP error message it has two IP headers. [`Field::read`] gives them in the order of the frame.

mod arp;
mod chat;
mod dissection;
mod dns;
mod ethernet;
mod frame;
mod icmp;
mod icmpv6;
mod info;
mod ipv4;
mod ipv6;
mod loopback;
mod names;
mod sll;
mod tcp;
mod tcp_analysis;
mod tcp_options;
mod tunnel;
mod udp;
mod value;
mod vlan;

use crate::packet::{self, Protocol};

pub(crate) use self::chat::messages;
pub use self::dissection::{Clock, Dissection, Out, View};
pub(crate) use self::info::{dns_type, ethernet, info};
pub use self::value::{Base, Kind, Printed, Value};

/// A name for something that frames hold.
#[derive(Debug)]
pub struct Field {
    /// The name in filters: `tcp.srcport`.
    pub name: &'static str,
    /// The name for people: `source port`.
    pub title: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// How its integers print.
    pub base: Base,
    /// Names that stand for integers in filters: `ip.proto == TCP`.
    pub names: &'static [(u64, &'static str)],
    /// Which part of a frame it is read from.
    pub scope: Scope,
    /// What must be known of a frame before it can be read.
    pub needs: Needs,
    read: Read,
    /// Where the octets stand that a function reads.
    stands: &'static [packet::Field],
}

/// The part of a frame that a field is read from; a frame may have several of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The frame as it stands in the capture.
    Frame,
    /// Headers of these protocols.
    Layers(&'static [Protocol]),
    /// DNS messages in datagrams and segments of these ports.
    Dns(&'static [u16]),
    /// What the chat says in a datagram or segment.
    Chat,
}

/// What must be known of a frame before a field can be read, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// The frame's record.
    Frame,
    /// Its headers.
    Packet,
    /// The flow that it belongs to.
    Flow,
    /// What TCP went through in that flow.
    Analysis,
}

/// How a field is read from a part of a frame.
#[derive(Clone, Copy)]
enum Read {
    /// The octets at these places of the header, each a value of its own.
    Places(&'static [packet::Field]),
    /// These bits of the octets at a place.
    Bits(packet::Field, u64),
    /// By a function.
    With(Reader),
}

/// Gives the values of a field in one part of a frame.
type Reader = for<'a> fn(&View<'a>, &mut Out<'a, '_>);

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Places(_) => "Places",
            Self::Bits(..) => "Bits",
            Self::With(_) => "With",
        })
    }
}

/// The fields of each protocol, in the order in which they are listed.
static TABLES: &[&[Field]] = &[
    frame::FIELDS,
    ethernet::FIELDS,
    vlan::FIELDS,
    sll::FIELDS,
    loopback::FIELDS,
    arp::FIELDS,
    ipv4::FIELDS,
    ipv6::FIELDS,
    icmp::FIELDS,
    icmpv6::FIELDS,
    tcp::FIELDS,
    tcp_options::FIELDS,
    tcp_analysis::FIELDS,
    udp::FIELDS,
    tunnel::FIELDS,
    dns::FIELDS,
    chat::FIELDS,
];

/// Every field, protocol by protocol.
pub fn all() -> impl Iterator<Item = &'static Field> {
    TABLES.iter().copied().flatten()
}

/// The field of this name.
pub fn find(name: &str) -> Option<&'static Field> {
    all().find(|field| field.name == name)
}

/// The name that stands for a value of an integer field: `TCP` for 6 of `ip.proto`.
pub fn name_of(field: &str, value: u64) -> Option<&'static str> {
    let mut names = find(field)?.names.iter();
    let name = names.find(|(other, _)| *other == value);
    name.map(|(_, name)| *name)
}

/// The name most like a wrong one, if any is alike: for "did you mean".
pub fn nearest(wrong: &str) -> Option<&'static str> {
    /// Names less alike than this are no help (Jaro-Winkler, 0 to 1).
    const LIKE: f64 = 0.85;
    /// Octets of a name: no field's is half as long.
    const LONGEST: usize = 128;
    if wrong.len() > LONGEST {
        return None;
    }
    let wrong = wrong.to_ascii_lowercase();
    let mut best: Option<(f64, &'static str)> = None;
    for field in all() {
        let likeness = strsim::jaro_winkler(&wrong, field.name);
        if likeness >= LIKE && best.is_none_or(|(other, _)| likeness > other) {
            best = Some((likeness, field.name));
        }
    }
    best.map(|(_, name)| name)
}

impl Field {
    const fn new(
        name: &'static str,
        title: &'static str,
        scope: Scope,
        kind: Kind,
        read: Read,
    ) -> Self {
        let needs = match scope {
            Scope::Frame => Needs::Frame,
            _ => Needs::Packet,
        };
        Self {
            name,
            title,
            kind,
            base: Base::Decimal,
            names: &[],
            scope,
            needs,
            read,
            stands: &[],
        }
    }

    /// A field that stands at one place or at several of a header.
    const fn at(
        name: &'static str,
        title: &'static str,
        scope: Scope,
        kind: Kind,
        places: &'static [packet::Field],
    ) -> Self {
        Self::new(name, title, scope, kind, Read::Places(places))
    }

    /// A field that is some bits of the octets at a place.
    const fn bits(
        name: &'static str,
        title: &'static str,
        scope: Scope,
        kind: Kind,
        place: packet::Field,
        mask: u64,
    ) -> Self {
        Self::new(name, title, scope, kind, Read::Bits(place, mask))
    }

    /// A field that a function reads.
    const fn with(
        name: &'static str,
        title: &'static str,
        scope: Scope,
        kind: Kind,
        read: Reader,
    ) -> Self {
        Self::new(name, title, scope, kind, Read::With(read))
    }

    /// The protocol itself, which is there where its header is.
    const fn protocol(name: &'static str, title: &'static str, scope: Scope, read: Reader) -> Self {
        Self::new(name, title, scope, Kind::Protocol, Read::With(read))
    }

    /// A protocol to which all belongs that follows.
    const fn message(name: &'static str, title: &'static str, scope: Scope) -> Self {
        Self::protocol(name, title, scope, |view, out| {
            let octets = view.header.octets();
            out.value(Value::Protocol(octets, octets.len()));
        })
    }

    const fn hexadecimal(self) -> Self {
        Self {
            base: Base::Hexadecimal,
            ..self
        }
    }

    const fn with_colons(self) -> Self {
        Self {
            base: Base::Colons,
            ..self
        }
    }

    const fn named(self, names: &'static [(u64, &'static str)]) -> Self {
        Self { names, ..self }
    }

    /// Where the octets of a value stand that a function reads from a place of its header.
    const fn standing_at(self, places: &'static [packet::Field]) -> Self {
        Self {
            stands: places,
            ..self
        }
    }

    const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// Gives the values that the field has in a frame, each with the ordinal of its header among
    /// those that the field is read from, from 1.
    pub fn read<'a>(&self, frame: &Dissection<'a>, out: &mut dyn FnMut(usize, Value<'a>)) {
        let mut ordinal = 0;
        frame.views(self.scope, &mut |view| {
            ordinal += 1;
            let mut give = |value| out(ordinal, value);
            let out = &mut Out::new(&mut give);
            match self.read {
                Read::Places(places) => {
                    for place in places {
                        out.octets(self.kind, view.header.bytes(*place));
                    }
                }
                Read::Bits(place, mask) => {
                    let bits = view
                        .header
                        .bytes(place)
                        .map(|octets| big_endian(octets) & mask);
                    match self.kind {
                        Kind::Boolean => out.boolean(bits.map(|bits| bits != 0)),
                        _ => out.unsigned(bits.map(|bits| bits >> mask.trailing_zeros().min(63))),
                    }
                }
                Read::With(read) => read(view, out),
            }
        });
    }

    /// Where in its header the octets of each value stand; nothing where a value has none of its own.
    pub const fn places(&self) -> &[packet::Field] {
        match &self.read {
            Read::Places(places) => places,
            Read::Bits(place, _) => std::slice::from_ref(place),
            Read::With(_) => self.stands,
        }
    }

    /// The values that the field has in a frame, as `tshark -T fields` prints them.
    pub fn printed(&self, frame: &Dissection<'_>) -> Vec<String> {
        let mut printed = Vec::new();
        self.read(frame, &mut |_, value| printed.push(self.print(&value)));
        printed
    }

    /// A value of the field as `tshark -T fields` prints it.
    pub fn print(&self, value: &Value<'_>) -> String {
        let printed = Printed {
            value,
            kind: self.kind,
            base: self.base,
            name: self.name,
        };
        printed.to_string()
    }
}

/// A number in network order; of more than eight octets the last eight.
fn big_endian(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0, |number, octet| number << 8 | u64::from(*octet))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_lower_case() {
        let mut names = BTreeSet::new();
        for field in all() {
            assert!(names.insert(field.name), "{} twice", field.name);
            assert_eq!(field.name, field.name.to_ascii_lowercase());
            assert!(!field.title.is_empty(), "{}", field.name);
        }
        assert!(names.len() > 250, "{}", names.len());
    }

    #[test]
    fn the_nearest_name() {
        assert_eq!(nearest("tcp.flag"), Some("tcp.flags"));
        assert_eq!(nearest("ip.adr"), Some("ip.addr"));
        assert_eq!(nearest("TCP.Port"), Some("tcp.port"));
        assert_eq!(nearest("zzz"), None);
    }
}
