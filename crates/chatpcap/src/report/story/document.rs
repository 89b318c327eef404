//! The story as JSON: `chatpcap/chat/1`.

use serde::Serialize;

use super::StoryReport;
use crate::ask::{Entry, Private, Sight, Story, Told, Way, What};
use crate::packet::chat::ChatUser;
use crate::report::json::pretty;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    captures: Vec<&'a str>,
    server: Option<String>,
    events: Vec<EventEntry<'a>>,
    names: Vec<NameEntry<'a>>,
    others: u64,
    notices: &'a [String],
}

#[derive(Serialize)]
struct NameEntry<'a> {
    client: String,
    server: String,
    name: &'a str,
}

/// An event. A field that its kind does not have is left out.
#[derive(Serialize, Default)]
struct EventEntry<'a> {
    kind: &'static str,
    time: Option<String>,
    dialect: &'static str,
    guessed: bool,
    seen: Vec<SightEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    way: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<UserEntry<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    went: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<Vec<ToldEntry<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_roster: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeats: Option<Vec<LaterEntry<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acks: Option<Vec<LaterEntry<'a>>>,
}

#[derive(Serialize)]
struct SightEntry<'a> {
    file: &'a str,
    frame: u64,
    time: Option<String>,
}

#[derive(Serialize)]
struct UserEntry<'a> {
    name: &'a str,
    address: Option<String>,
    udp_port: Option<u16>,
}

#[derive(Serialize)]
struct ToldEntry<'a> {
    client: String,
    name: Option<&'a str>,
    delay_seconds: Option<f64>,
    seen: Vec<SightEntry<'a>>,
}

#[derive(Serialize)]
struct LaterEntry<'a> {
    delay_seconds: Option<f64>,
    seen: Vec<SightEntry<'a>>,
}

pub(super) fn json(report: &StoryReport<'_>) -> Result<String, serde_json::Error> {
    let names = report
        .story
        .names
        .iter()
        .map(|(client, server, name)| NameEntry {
            client: client.to_string(),
            server: server.to_string(),
            name,
        });
    let document = Document {
        schema: "chatpcap/chat/1",
        captures: report
            .traces
            .iter()
            .map(|trace| trace.name.as_str())
            .collect(),
        server: report.roles.server.map(|role| role.who.to_string()),
        events: report
            .story
            .entries
            .iter()
            .map(|entry| event(report, entry))
            .collect(),
        names: names.collect(),
        others: report.story.others,
        notices: report.notices,
    };
    pretty(&document)
}

fn event<'a>(report: &StoryReport<'a>, entry: &'a Entry) -> EventEntry<'a> {
    let mut event = EventEntry {
        kind: entry.what.name(),
        time: Some(report.utc(entry)).filter(|time| !time.is_empty()),
        dialect: entry.dialect.name(),
        guessed: entry.guessed,
        seen: sights(report, &entry.seen),
        ..EventEntry::default()
    };
    let told = |told: &'a [Told]| {
        Some(
            told.iter()
                .map(|told| told_entry(report, entry, told))
                .collect(),
        )
    };
    match &entry.what {
        What::Registered { name, client } => {
            event.name = Some(name);
            event.client = Some(client.to_string());
        }
        What::Entered { name, client, way } => {
            event.name = Some(name);
            event.client = Some(client.to_string());
            event.way = Some(match way {
                Way::Password => "password",
                Way::Open => "open",
                Way::Name => "name",
                Way::Unknown => "unknown",
            });
        }
        What::Refused {
            name,
            client,
            code,
            text,
            ..
        }
        | What::Ended {
            name,
            client,
            code,
            text,
        } => {
            event.name = name.as_deref();
            event.client = Some(client.to_string());
            event.code = Some(code);
            event.text = Some(text);
        }
        What::Roster {
            users,
            came,
            went,
            told: list,
        } => {
            event.users = Some(users.iter().map(user).collect());
            event.came = Some(came);
            event.went = Some(went);
            event.told = told(list);
        }
        What::Came { users, told: list } => {
            event.users = Some(users.iter().map(user).collect());
            event.told = told(list);
        }
        What::Went {
            users,
            code,
            told: list,
        } => {
            event.users = Some(users.iter().map(user).collect());
            event.code = code.as_deref();
            event.told = told(list);
        }
        What::Room {
            from,
            client,
            text,
            seq,
            id,
            segments,
            receipt,
            told: list,
        } => {
            event.from.clone_from(from);
            event.client = client.map(|client| client.to_string());
            event.text = Some(text);
            event.seq = *seq;
            event.id = *id;
            event.segments = Some(*segments);
            event.receipt_seconds = Story::delay(&entry.seen, receipt).map(in_seconds);
            event.told = told(list);
        }
        What::Private(private) => fill_private(&mut event, report, entry, private),
        What::Unclear { from, to, text, .. } => {
            event.from = Some(from.to_string());
            event.to = Some(to.to_string());
            event.text = Some(text);
        }
    }
    event
}

fn fill_private<'a>(
    event: &mut EventEntry<'a>,
    report: &StoryReport<'a>,
    entry: &Entry,
    private: &'a Private,
) {
    let later = |list: &'a [Vec<Sight>]| {
        let entries = list.iter().map(|seen| LaterEntry {
            delay_seconds: Story::delay(&entry.seen, seen).map(in_seconds),
            seen: sights(report, seen),
        });
        Some(entries.collect())
    };
    event.from.clone_from(&private.from);
    event.to.clone_from(&private.to);
    event.sender = Some(private.sender.to_string());
    event.receiver = Some(private.receiver.to_string());
    event.text = Some(&private.text);
    event.id = private.id;
    event.in_roster = Some(private.in_roster);
    event.proof = Some(private.proof(report.roles));
    event.repeats = later(&private.repeats);
    event.acks = later(&private.acks);
}

fn told_entry<'a>(report: &StoryReport<'a>, entry: &Entry, told: &'a Told) -> ToldEntry<'a> {
    ToldEntry {
        client: told.client.to_string(),
        name: told.name.as_deref(),
        delay_seconds: Story::delay(&entry.seen, &told.seen).map(in_seconds),
        seen: sights(report, &told.seen),
    }
}

fn user(user: &ChatUser) -> UserEntry<'_> {
    UserEntry {
        name: &user.name,
        address: user.address.map(|address| address.to_string()),
        udp_port: user.udp_port,
    }
}

fn sights<'a>(report: &StoryReport<'a>, sights: &[Sight]) -> Vec<SightEntry<'a>> {
    let entries = sights.iter().filter_map(|sight| {
        let trace = report.traces.get(sight.trace)?;
        Some(SightEntry {
            file: &trace.name,
            frame: sight.frame,
            time: sight.time.map(|time| time.to_utc(trace.precision)),
        })
    });
    entries.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a delay of 104 days and more loses nanoseconds, which is no loss"
)]
fn in_seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}
