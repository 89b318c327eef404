//! The captures of one hand-in against one another: are they views of one run, with one clock?

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Lab, View};
use crate::grade::Remark;
use crate::grade::mark::{Key, Kind, Spot};

/// How far the clocks of two captures may be apart, in nanoseconds: containers share the host's.
const APART: i64 = 2_000_000_000;
/// How much that may vary.
const VARIES: i64 = 1_000_000_000;
/// Marks that must be in both before times are compared.
const FEW: usize = 3;

/// What two captures of a hand-in have in common, or lack.
pub(super) fn remarks(lab: &Lab, views: &[View<'_>]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (at, one) in views.iter().enumerate() {
        for other in views.iter().skip(at + 1) {
            remarks.extend(between(lab, one, other));
        }
    }
    remarks
}

fn between(lab: &Lab, one: &View<'_>, other: &View<'_>) -> Option<Remark> {
    let ours: BTreeMap<Key, &Spot> = one.inspection.marks.iter().collect();
    let theirs = other.inspection.marks.iter();
    let common: Vec<(Key, &Spot, &Spot)> = theirs
        .filter_map(|(key, theirs)| Some((key, *ours.get(&key)?, theirs)))
        .collect();
    if common.is_empty() {
        return different_runs(lab, one, other);
    }
    // Each of these is of one packet; others may be met in another first where a file was cut.
    let late: Vec<(i64, u64)> = common
        .into_iter()
        .filter(|(key, ..)| key.kind == Kind::Identification)
        .filter_map(|(_, ours, theirs)| Some((theirs.time?.since(ours.time?), theirs.frame)))
        .collect();
    let names = [one, other].map(|view| &*view.inspection.trace.name);
    let (least, _) = late.iter().min()?;
    let (most, frame) = late.iter().max()?;
    let seconds = |nanoseconds: i64| nanoseconds / 1_000_000_000;
    if late.len() < FEW {
        return None;
    }
    let text = if most.saturating_sub(*least) > VARIES {
        format!(
            "the same packets are up to {} s earlier and {} s later than in {}: were times changed in one?",
            seconds(least.saturating_neg()).max(0),
            seconds(*most).max(0),
            names[0]
        )
    } else if most.saturating_abs() > APART {
        format!(
            "the same packets are {} s later than in {}: containers of one host have one clock",
            seconds(*most),
            names[0]
        )
    } else {
        return None;
    };
    Some(Remark::new("clocks-apart", text).on(names[1]).at(&[*frame]))
}

/// Whether both captures hold the connection of one client to the server, and not the same.
fn different_runs(lab: &Lab, one: &View<'_>, other: &View<'_>) -> Option<Remark> {
    let client = [one.host?, other.host?]
        .into_iter()
        .find(|host| *host != lab.server)?;
    connection(one, client, lab.server)?;
    let theirs = connection(other, client, lab.server)?;
    let text = format!(
        "holds a connection of {client} to the server, and {} holds none of its segments: are they of two runs?",
        one.inspection.trace.name
    );
    Some(
        Remark::new("two-runs", text)
            .on(&other.inspection.trace.name)
            .at(&[theirs]),
    )
}

/// The first frame of a connection between two hosts.
fn connection(view: &View<'_>, client: IpAddr, server: IpAddr) -> Option<u64> {
    let flows = view.inspection.trace.flows.tcp().iter();
    flows
        .map(|flow| &flow.flow)
        .find(|flow| {
            let ends = [flow.source.address, flow.destination.address];
            ends.contains(&client) && ends.contains(&server)
        })
        .and_then(crate::flow::Flow::first_frame)
}
