//! Whether captures look like the lab on the student's machine, as recorded and not as edited.
//!
//! [`Facts`] are collected in the pass that reads a capture; [`remarks`] compares them with the
//! [`Lab`], and the captures of a hand-in with one another. Each remark names frames to look at. None is
//! a proof: a filter, another machine or a restarted container explains many of them.

mod checksum;
mod clock;
mod connection;
mod host;
mod run;

use std::net::{IpAddr, Ipv4Addr};

use self::checksum::Checksums;
use self::clock::Clocks;
use self::connection::Connections;
use self::host::Hosts;
use super::{Inspection, Remark};
use crate::capture::{Frame, Timestamp};
use crate::flow::Sightings;
use crate::packet::Packet;

/// Programs that write captures they did not capture, as they name themselves in pcapng.
const EDITORS: [&str; 7] = [
    "editcap",
    "mergecap",
    "reordercap",
    "tshark",
    "wireshark",
    "scapy",
    "tracewrangler",
];

/// What the lab's captures should look like.
#[derive(Clone, Debug)]
pub struct Lab {
    /// The chat server.
    pub server: IpAddr,
    /// client1 and client2.
    pub clients: [IpAddr; 2],
    /// Who is asked for the server's name.
    pub dns: IpAddr,
    /// The server's name.
    pub name: String,
    /// When the lab began: no frame is older.
    pub not_before: Option<Timestamp>,
    /// When it was to be handed in: no frame is younger.
    pub not_after: Option<Timestamp>,
}

/// One capture of a hand-in, and on which host it should have been taken.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What one pass found.
    pub inspection: &'a Inspection,
    /// The host by its address in the lab; none where the capture may be from any.
    pub host: Option<IpAddr>,
}

/// What is kept of a capture to judge where it comes from. Bounded, whatever is captured.
#[derive(Debug, Default)]
pub struct Facts {
    hosts: Hosts,
    checksums: Checksums,
    clocks: Clocks,
    connections: Connections,
}

impl Default for Lab {
    /// The lab's own addresses, at any time.
    fn default() -> Self {
        let host = |last| IpAddr::V4(Ipv4Addr::new(10, 20, 30, last));
        Self {
            server: host(3),
            clients: [host(11), host(12)],
            dns: host(2),
            name: "www.ttm4200.com".to_owned(),
            not_before: None,
            not_after: None,
        }
    }
}

impl Lab {
    /// Whether an address is one of the lab's hosts.
    fn has(&self, address: IpAddr) -> bool {
        [self.server, self.dns].contains(&address) || self.clients.contains(&address)
    }
}

impl Facts {
    /// Notes what a frame tells.
    pub fn observe(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, sightings: &Sightings<'_>) {
        self.hosts.observe(frame, packet);
        self.clocks.observe(frame);
        if let Some(sighting) = sightings.innermost() {
            self.hosts.observe_dns(frame, &sighting.transport);
            self.checksums.observe(frame, &sighting.transport);
            self.clocks.observe_segment(frame, sighting);
            self.connections.observe(frame, sighting);
        }
    }
}

/// What to look at in the captures of one hand-in, capture by capture, then between them.
pub fn remarks(lab: &Lab, views: &[View<'_>]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for view in views {
        let trace = &view.inspection.trace;
        let facts = &view.inspection.facts;
        let mut own = file(view);
        own.extend(window(lab, view));
        own.extend(facts.hosts.remarks(lab, view));
        own.extend(facts.checksums.remarks(view.host));
        own.extend(facts.clocks.remarks());
        own.extend(facts.connections.remarks());
        remarks.extend(own.into_iter().map(|remark| remark.on(&trace.name)));
    }
    remarks.extend(run::remarks(lab, views));
    remarks
}

/// What the file says of itself.
fn file(view: &View<'_>) -> Vec<Remark> {
    let trace = &view.inspection.trace;
    let origin = &trace.origin;
    let mut remarks = Vec::new();
    if let Some(application) = &origin.application {
        let name = application.to_ascii_lowercase();
        if EDITORS.iter().any(|editor| name.starts_with(editor)) {
            let text = format!("was written by {application}, not by the program that captured it");
            remarks.push(Remark::new("written-by", text));
        }
    }
    if let Some(comment) = &origin.comment {
        let text = format!("has {} comments, the first: {comment}", origin.comments);
        let frames: Vec<u64> = origin.commented_frame.into_iter().collect();
        remarks.push(Remark::new("comments", text).at(&frames));
    }
    remarks
}

/// Whether the capture was taken while the lab was to be done.
fn window(lab: &Lab, view: &View<'_>) -> Option<Remark> {
    let trace = &view.inspection.trace;
    let (first, last) = trace.first.zip(trace.last)?;
    let early = lab.not_before.filter(|limit| first < *limit);
    let late = lab.not_after.filter(|limit| last > *limit);
    let (what, when, limit, frame) = match (early, late) {
        (Some(limit), _) => ("begins", first, limit, 1),
        (None, Some(limit)) => ("ends", last, limit, trace.packets),
        (None, None) => return None,
    };
    let side = if early.is_some() { "before" } else { "after" };
    let text = format!(
        "{what} at {}, {side} the lab's {}",
        when.to_utc(0),
        limit.to_utc(0)
    );
    Some(Remark::new("time-window", text).at(&[frame]))
}
