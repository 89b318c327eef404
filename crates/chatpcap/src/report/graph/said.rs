//! What a packet says in its payload: the chat, DNS, and what others say of themselves.

use crate::field::dns_type;
use crate::packet::chat::{ChatKind, ChatMessage};
use crate::packet::dns::{Data, Question, Record};
use crate::report::layout::safe;
use crate::trace::{Arrow, Message};

/// What a packet says, a message each.
pub(super) fn said(arrow: &Arrow) -> Vec<String> {
    match &arrow.message {
        Message::Tcp { .. } | Message::Udp { .. } => arrow.said.iter().map(message).collect(),
        Message::Dns {
            is_response,
            questions,
            records,
            ..
        } => {
            if *is_response && !records.is_empty() {
                records.iter().map(record).collect()
            } else {
                questions.iter().map(question).collect()
            }
        }
        Message::Other { info, .. } if info.is_empty() => Vec::new(),
        Message::Other { info, .. } => vec![safe(info)],
    }
}

/// `say: hello`, `message from bob: hello`, `roster: alice, bob`.
fn message(message: &ChatMessage) -> String {
    let mut text = message.kind.name().to_owned();
    if let Some(from) = &message.from {
        let word = match message.kind {
            ChatKind::Message | ChatKind::Private | ChatKind::Ack => "from",
            ChatKind::Name => "is",
            _ => "as",
        };
        text = format!("{text} {word} {from}");
    }
    if let Some(to) = &message.to {
        text = format!("{text} to {to}");
    }
    if let Some(code) = &message.code {
        text = format!("{text} {code}");
    }
    let users = message.users.iter().map(|user| user.name.as_str());
    let users = users.collect::<Vec<_>>().join(", ");
    let texts = message.text.iter().map(|text| text.trim());
    let rest = texts.chain(Some(users.as_str()).filter(|users| !users.is_empty()));
    let rest = rest.collect::<Vec<_>>().join("; ");
    if !rest.is_empty() {
        text = format!("{text}: {rest}");
    }
    safe(text.trim_end())
}

/// `A www.ttm4200.com`.
fn question(question: &Question) -> String {
    safe(&format!("{} {}", dns_type(question.kind), question.name))
}

/// `www.ttm4200.com A 10.20.30.3`.
fn record(record: &Record) -> String {
    let data = match &record.data {
        Data::A(address) => address.to_string(),
        Data::Aaaa(address) => address.to_string(),
        Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) | Data::Soa(name, ..) => name.clone(),
        Data::Mx(preference, name) => format!("{preference} {name}"),
        Data::Srv(_, _, port, name) => format!("{name} port {port}"),
        Data::Txt(texts) => texts.join(" "),
        Data::Other => String::new(),
    };
    let text = format!("{} {} {data}", record.name, dns_type(record.kind));
    safe(text.trim_end())
}
