//! The report for the hand-in: one self-contained page, made from the templates.
//!
//! The essay's facts in words, the answers on their octets, how the main connection went, and what was
//! captured. The page needs no network and no script. What comes from outside is made safe and is escaped
//! by the templates.

mod answers;
mod captures;
mod crowd;
mod ends;
mod flows;
mod pictures;
mod plot;
mod resolution;
mod transports;
mod words;

use std::net::IpAddr;

use askama::Template;

use self::answers::{AnswerView, HeaderView};
use self::captures::{CaptureRow, Person};
use self::crowd::MemberRow;
use self::ends::EndRow;
use self::flows::FlowTable;
use self::pictures::Picture;
use self::plot::Plot;
use self::resolution::NeighbourRow;
use self::transports::{Contrast, CostTable};
use self::words::{Fact, Words, and};
use super::number::counted;
use super::summary::no_chat;
use crate::ask::{Analysis, Essay, ExchangeKind, Story};
use crate::graph::Sketch;
use crate::trace::Survey;

/// Captures that the title names.
const MAX_NAMED: usize = 3;

/// What the page is made from.
#[derive(Clone, Copy, Debug)]
pub struct EssayReport<'a> {
    /// The answers.
    pub analysis: &'a Analysis,
    /// The chat's story.
    pub story: &'a Story,
    /// One survey a trace.
    pub surveys: &'a [Survey],
    /// The facts.
    pub essay: &'a Essay,
    /// What the user calls hosts.
    pub names: &'a [(IpAddr, String)],
    /// What the reader should know of the captures beyond their own notices.
    pub notices: &'a [String],
}

impl EssayReport<'_> {
    /// The page; the sketches, one a trace, are what its flow graphs draw.
    ///
    /// # Errors
    /// None that a string as a sink can raise; what the template would say is passed on.
    pub fn html(&self, mut sketches: Vec<Sketch>) -> Result<String, askama::Error> {
        let words = Words {
            analysis: self.analysis,
            story: self.story,
            names: self.names,
        };
        let Essay {
            resolution,
            ends,
            crowd,
            ..
        } = self.essay;
        let (captures, more_captures) = captures::rows(words);
        let mut notices = captures::notices(words);
        notices.extend(self.notices.iter().map(|notice| super::safe(notice)));
        let has_chat = self.analysis.has_chat();
        let page = Page {
            title: title(words),
            captures,
            more_captures,
            people: captures::people(words),
            notices,
            no_chat: (!has_chat).then(|| no_chat(self.analysis)),
            answers: answers::answered(words),
            udp_header: answers::udp_header(words),
            unanswered: if has_chat {
                answers::unanswered(words)
            } else {
                Vec::new()
            },
            resolution: resolution::facts(words, resolution),
            neighbours: resolution::neighbours(words, resolution),
            ends: ends::facts(words, ends),
            end_rows: ends::rows(words, ends),
            more_ends: ends.more,
            crowd: crowd::facts(words, crowd),
            members: crowd::rows(words, crowd),
            more_members: crowd.more(),
            contrasts: transports::contrasts(words, self.essay),
            transports: transports::facts(words, self.essay),
            costs: transports::costs(words, self.essay),
            exchanges: self.exchanges(words),
            diagram: pictures::of_exchanges(words, &mut sketches, &self.essay.exchanges)?,
            graph: pictures::of_all(words, sketches)?,
            plots: plot::plots(words, self.surveys),
            flows: flows::tables(words),
        };
        page.render()
    }

    fn exchanges(&self, words: Words<'_>) -> Vec<Fact> {
        let exchanges = self.essay.exchanges.iter();
        exchanges
            .map(|exchange| {
                let text = match exchange.kind {
                    ExchangeKind::Arrival => {
                        "A client arrives: it looks for the server, connects, and is in the room."
                    }
                    ExchangeKind::Room => "A message to the room, through the server.",
                    ExchangeKind::Private => "A private message, from client to client.",
                };
                let cites = exchange.citations.iter().map(|it| words.cite(it));
                Fact::new(text, cites.collect())
            })
            .collect()
    }
}

/// `chatserver.pcap, client1.pcap and client2.pcap`.
fn title(words: Words<'_>) -> String {
    let count = words.analysis.traces.len();
    if count > MAX_NAMED {
        let more = counted(super::count(count.saturating_sub(1)), "other capture");
        return format!("{} and {more}", words.file(0));
    }
    let names: Vec<String> = (0..count).map(|trace| words.file(trace)).collect();
    and(&names)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    captures: Vec<CaptureRow>,
    more_captures: usize,
    people: Vec<Person>,
    notices: Vec<String>,
    no_chat: Option<String>,
    answers: Vec<AnswerView>,
    udp_header: Option<HeaderView>,
    unanswered: Vec<(String, String)>,
    resolution: Vec<Fact>,
    neighbours: Vec<NeighbourRow>,
    ends: Vec<Fact>,
    end_rows: Vec<EndRow>,
    more_ends: usize,
    crowd: Vec<Fact>,
    members: Vec<MemberRow>,
    more_members: usize,
    contrasts: Vec<Contrast>,
    transports: Vec<Fact>,
    costs: Vec<CostTable>,
    exchanges: Vec<Fact>,
    diagram: Option<Picture>,
    graph: Option<Picture>,
    plots: Vec<Plot>,
    flows: Vec<FlowTable>,
}
