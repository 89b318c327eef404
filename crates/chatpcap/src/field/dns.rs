//! Fields of DNS messages, of multicast DNS and of LLMNR.

use super::names::{DNS_CODES, DNS_TYPES};
use super::{Field, Kind, Out, Scope, Value, View};
use crate::packet::dns::{COUNTS, Data, Dns, FLAGS, ID, LINK_LOCAL_PORT, MULTICAST_PORT, PORT};

const SCOPE: Scope = Scope::Dns(&[PORT, MULTICAST_PORT, LINK_LOCAL_PORT]);

/// LLMNR has other flags in these places (RFC 4795 §2.1.1).
const NOT_LINK_LOCAL: Scope = Scope::Dns(&[PORT, MULTICAST_PORT]);

/// `dns.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::message("dns", "Domain Name System", Scope::Dns(&[PORT])),
    Field::message("mdns", "multicast DNS", Scope::Dns(&[MULTICAST_PORT])),
    Field::message(
        "llmnr",
        "link-local multicast name resolution",
        Scope::Dns(&[LINK_LOCAL_PORT]),
    ),
    Field::with(
        "dns.length",
        "length over TCP",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(view.dns.and_then(|dns| dns.tcp_length));
        },
    ),
    Field::at("dns.id", "identifier", SCOPE, Kind::Unsigned(16), &[ID]).hexadecimal(),
    Field::at("dns.flags", "flags", SCOPE, Kind::Unsigned(16), &[FLAGS]).hexadecimal(),
    Field::bits(
        "dns.flags.response",
        "is an answer",
        SCOPE,
        Kind::Boolean,
        FLAGS,
        0x8000,
    ),
    Field::bits(
        "dns.flags.opcode",
        "operation",
        SCOPE,
        Kind::Unsigned(16),
        FLAGS,
        0x7800,
    ),
    Field::with(
        "dns.flags.authoritative",
        "is authoritative",
        NOT_LINK_LOCAL,
        Kind::Boolean,
        |view, out| {
            response_flag(view, out, 0x0400);
        },
    ),
    Field::bits(
        "dns.flags.truncated",
        "is truncated",
        SCOPE,
        Kind::Boolean,
        FLAGS,
        0x0200,
    ),
    Field::with(
        "dns.flags.recdesired",
        "recursion is desired",
        NOT_LINK_LOCAL,
        Kind::Boolean,
        |view, out| out.boolean(view.header.u16(FLAGS).map(|flags| flags & 0x0100 != 0)),
    ),
    Field::with(
        "dns.flags.recavail",
        "recursion is available",
        NOT_LINK_LOCAL,
        Kind::Boolean,
        |view, out| {
            response_flag(view, out, 0x0080);
        },
    ),
    Field::with(
        "dns.flags.rcode",
        "how it went",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let flags = view.header.u16(FLAGS).filter(|flags| flags & 0x8000 != 0);
            out.unsigned(flags.map(|flags| flags & 0x000f));
        },
    )
    .named(DNS_CODES),
    Field::at(
        "dns.count.queries",
        "questions",
        SCOPE,
        Kind::Unsigned(16),
        &[COUNTS[0]],
    ),
    Field::at(
        "dns.count.answers",
        "answers",
        SCOPE,
        Kind::Unsigned(16),
        &[COUNTS[1]],
    ),
    Field::at(
        "dns.count.auth_rr",
        "authority records",
        SCOPE,
        Kind::Unsigned(16),
        &[COUNTS[2]],
    ),
    Field::at(
        "dns.count.add_rr",
        "additional records",
        SCOPE,
        Kind::Unsigned(16),
        &[COUNTS[3]],
    ),
    Field::with(
        "dns.qry.name",
        "name that is asked for",
        SCOPE,
        Kind::Text,
        |view, out| {
            for question in questions(view) {
                out.text(Some(question.name));
            }
        },
    ),
    Field::with(
        "dns.qry.name.len",
        "length of that name",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for question in questions(view) {
                out.size(Some(question.name.len()));
            }
        },
    ),
    Field::with(
        "dns.count.labels",
        "labels of that name",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for question in questions(view) {
                out.size(Some(question.name.split('.').count()));
            }
        },
    ),
    Field::with(
        "dns.qry.type",
        "type that is asked for",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for question in questions(view) {
                out.unsigned(Some(question.kind));
            }
        },
    )
    .named(DNS_TYPES),
    Field::with(
        "dns.qry.class",
        "class that is asked for",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for question in questions(view) {
                out.unsigned(Some(class(view, question.class)));
            }
        },
    )
    .hexadecimal(),
    Field::with(
        "dns.resp.name",
        "name of a record",
        SCOPE,
        Kind::Text,
        |view, out| {
            for record in records(view) {
                out.text(Some(record.name));
            }
        },
    ),
    Field::with(
        "dns.resp.type",
        "type of a record",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for record in records(view) {
                out.unsigned(Some(record.kind));
            }
        },
    )
    .named(DNS_TYPES),
    Field::with(
        "dns.resp.class",
        "class of a record",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for record in records(view)
                .into_iter()
                .filter(|record| !record.is_options())
            {
                out.unsigned(Some(class(view, record.class)));
            }
        },
    )
    .hexadecimal(),
    Field::with(
        "dns.resp.ttl",
        "seconds to keep a record",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            for record in records(view)
                .into_iter()
                .filter(|record| !record.is_options())
            {
                out.unsigned(Some(record.ttl));
            }
        },
    ),
    Field::with(
        "dns.resp.len",
        "octets of a record's data",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            for record in records(view) {
                out.unsigned(Some(record.length));
            }
        },
    ),
    Field::with("dns.a", "IPv4 address", SCOPE, Kind::Ipv4, |view, out| {
        data(view, &mut |data| {
            if let Data::A(address) = data {
                out.value(Value::ipv4(address.to_bits()));
            }
        });
    }),
    Field::with(
        "dns.aaaa",
        "IPv6 address",
        SCOPE,
        Kind::Ipv6,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Aaaa(address) = data {
                    out.value(Value::ipv6(address.to_bits()));
                }
            });
        },
    ),
    Field::with(
        "dns.cname",
        "name that an alias stands for",
        SCOPE,
        Kind::Text,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Cname(name) = data {
                    out.text(Some(name));
                }
            });
        },
    ),
    Field::with("dns.ns", "name server", SCOPE, Kind::Text, |view, out| {
        data(view, &mut |data| {
            if let Data::Ns(name) = data {
                out.text(Some(name));
            }
        });
    }),
    Field::with(
        "dns.ptr.domain_name",
        "name of an address",
        SCOPE,
        Kind::Text,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Ptr(name) = data {
                    out.text(Some(name));
                }
            });
        },
    ),
    Field::with(
        "dns.mx.preference",
        "preference",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            data(view, &mut |data| {
                if let Data::Mx(preference, _) = data {
                    out.unsigned(Some(preference));
                }
            });
        },
    ),
    Field::with(
        "dns.mx.mail_exchange",
        "mail exchange",
        SCOPE,
        Kind::Text,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Mx(_, name) = data {
                    out.text(Some(name));
                }
            });
        },
    ),
    Field::with("dns.txt", "text", SCOPE, Kind::Text, |view, out| {
        data(view, &mut |data| {
            if let Data::Txt(texts) = data {
                for text in texts {
                    out.text(Some(text));
                }
            }
        });
    }),
    Field::with(
        "dns.srv.port",
        "port of a service",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            data(view, &mut |data| {
                if let Data::Srv(_, _, port, _) = data {
                    out.unsigned(Some(port));
                }
            });
        },
    ),
    Field::with(
        "dns.srv.target",
        "host of a service",
        SCOPE,
        Kind::Text,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Srv(_, _, _, name) = data {
                    out.text(Some(name));
                }
            });
        },
    ),
    Field::with(
        "dns.soa.mname",
        "primary server of a zone",
        SCOPE,
        Kind::Text,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Soa(name, _, _) = data {
                    out.text(Some(name));
                }
            });
        },
    ),
    Field::with(
        "dns.soa.rname",
        "administrator of a zone",
        SCOPE,
        Kind::Text,
        |view, out| {
            data(view, &mut |data| {
                if let Data::Soa(_, name, _) = data {
                    out.text(Some(name));
                }
            });
        },
    ),
    Field::with(
        "dns.soa.serial_number",
        "serial number of a zone",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            data(view, &mut |data| {
                if let Data::Soa(_, _, serial) = data {
                    out.unsigned(Some(serial));
                }
            });
        },
    ),
];

/// A flag that only answers have.
fn response_flag(view: &View<'_>, out: &mut Out<'_, '_>, bit: u16) {
    let flags = view.header.u16(FLAGS).filter(|flags| flags & 0x8000 != 0);
    out.boolean(flags.map(|flags| flags & bit != 0));
}

fn questions(view: &View<'_>) -> Vec<crate::packet::dns::Question> {
    view.dns.as_ref().map(Dns::questions).unwrap_or_default()
}

fn records(view: &View<'_>) -> Vec<crate::packet::dns::Record> {
    view.dns.as_ref().map(Dns::records).unwrap_or_default()
}

fn data(view: &View<'_>, give: &mut dyn FnMut(Data)) {
    for record in records(view) {
        give(record.data);
    }
}

/// Multicast DNS has a flag in the first bit of a class (RFC 6762 §10.2 and §18.12).
fn class(view: &View<'_>, class: u16) -> u16 {
    if view.dns.is_some_and(|dns| dns.is_multicast) {
        class & 0x7fff
    } else {
        class
    }
}
