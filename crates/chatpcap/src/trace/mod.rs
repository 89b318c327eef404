//! The trace stage: what one pass over a capture found.
//!
//! A [`Trace`] holds flows, counts and what was asked to be shown; its memory does not grow with
//! the number of packets.

mod arrow;
mod checkup;
mod conversations;
mod dialogue;
mod exhibit;
mod lookup;
mod neighbour;
mod notice;
mod packet_log;
mod pass;
mod protocols;
mod speech;
mod survey;
mod time_sequence;
mod watch;

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::capture::{Capture, Compression, Format, Frame, LinkType, Origin, Timestamp};
use crate::field::{Dissection, Needs};
use crate::flow::{FlowTable, Sightings};
use crate::packet::Packet;

pub(crate) use self::arrow::LOOK_BACK;
pub use self::arrow::{Address, Arrow, Arrows, Mark, Message, Numbers, Place, Severity};
pub use self::checkup::{Checkup, Loss, Tally};
pub use self::conversations::{Conversation, Conversations, End, Layer, Mac, Pair};
pub use self::dialogue::{FlowNumber, Followed, Turn, follow};
pub use self::exhibit::{Exhibits, MAX_EXHIBIT_OCTETS, MAX_EXHIBITS};
pub use self::lookup::{Lookup, Lookups, Reply, Sent};
pub use self::neighbour::{Neighbour, Neighbours};
pub use self::notice::{Example, Notice};
pub use self::packet_log::{LoggedPacket, Octets, PacketLog};
pub use self::pass::Pass;
pub use self::protocols::ProtocolCounts;
pub use self::speech::{Listener, Speech, Utterance};
pub use self::survey::Survey;
pub use self::time_sequence::{Again, Course, Dot, Series, TimeSequence, TimeSequences};
pub use self::watch::{CHAT_PORT, Likeness, Watch};

use self::notice::{Notices, beyond};

/// How many frames a capture has of one link type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkCount {
    /// The link type.
    pub link_type: LinkType,
    /// Its frames.
    pub packets: u64,
}

/// What one pass over one capture found.
#[derive(Debug)]
pub struct Trace {
    /// What the user calls the capture: a path, or `-`.
    pub name: String,
    /// The file's format.
    pub format: Format,
    /// How the file was compressed.
    pub compression: Option<Compression>,
    /// What the file says of how it came about.
    pub origin: Origin,
    /// Frames per link type, in the order of first appearance.
    pub links: Vec<LinkCount>,
    /// Frames that the filter selected; all where there is none.
    pub packets: u64,
    /// Frames that the filter did not select: they count nowhere else.
    pub unselected: u64,
    /// The sum of their original lengths.
    pub octets: u64,
    /// When the first frame was captured that has a time.
    pub first: Option<Timestamp>,
    /// When the last frame was captured that has a time; it need not be the latest.
    pub last: Option<Timestamp>,
    /// The most decimal digits of a second that any interface keeps.
    pub precision: u8,
    /// Frames per protocol.
    pub protocols: ProtocolCounts,
    /// The flows.
    pub flows: FlowTable,
    /// The chat's packets, for the flow graph.
    pub arrows: Arrows,
    /// Octets of frames that answers may rest on.
    pub exhibits: Exhibits,
    /// What the reader should know of the capture.
    pub notices: Vec<Notice>,
}

impl Trace {
    /// Reads a capture to its end in one pass.
    ///
    /// `progress` is told now and then how many octets of the input have been read.
    pub fn read(
        name: &str,
        capture: Capture,
        watch: &Watch,
        progress: &mut dyn FnMut(u64),
    ) -> Self {
        Self::read_and_show(name, capture, watch, progress, &mut |_, _| ())
    }

    /// Reads a capture to its end in one pass, and shows each frame to `look` with all that is known of
    /// it and the flows that it belongs to.
    pub fn read_and_show(
        name: &str,
        capture: Capture,
        watch: &Watch,
        progress: &mut dyn FnMut(u64),
        look: &mut dyn FnMut(&Dissection<'_>, &Sightings<'_>),
    ) -> Self {
        let mut trace = Self {
            name: name.to_owned(),
            format: capture.format(),
            compression: capture.compression(),
            origin: Origin::default(),
            links: Vec::new(),
            packets: 0,
            unselected: 0,
            octets: 0,
            first: None,
            last: None,
            precision: 0,
            protocols: ProtocolCounts::default(),
            flows: FlowTable::new(),
            arrows: Arrows::new(watch.arrows),
            exhibits: Exhibits::default(),
            notices: Vec::new(),
        };
        let mut notices = Notices::default();
        // Where in `links` a link type is: only looked up, never listed.
        let mut places: HashMap<LinkType, usize> = HashMap::new();
        let filter = watch.filter.as_deref();
        let needs_analysis = filter.is_some_and(|filter| filter.needs() == Needs::Analysis);
        let port = (!watch.verdicts).then_some(watch.port);
        let mut pass = Pass::drawing(capture, filter, port);
        pass.limit_flows(watch.max_flows);
        pass.run(progress, &mut |seen, flows| {
            let Dissection { frame, packet, .. } = *seen;
            trace.count(frame, &mut places, &mut notices);
            notices.observe(frame, packet);
            trace.protocols.count(packet);
            let Some(sightings) = seen.sightings else {
                return ControlFlow::Continue(());
            };
            for sighting in sightings.iter() {
                flows.record(frame, sighting);
            }
            if let Some(sighting) = sightings.innermost()
                && watch.is_chat(sighting)
            {
                notices.observe_chat(frame, sighting, watch.port);
                trace.arrows.add(seen, watch.port);
                trace.exhibits.add(frame, packet, sighting);
            }
            // What TCP went through is told of the packets that are drawn, and of no others.
            if trace.arrows.is_full() && !needs_analysis && !watch.verdicts {
                flows.end_analysis();
            }
            look(seen, sightings);
            ControlFlow::Continue(())
        });
        trace.unselected = pass.frames().saturating_sub(trace.packets);
        trace.origin = pass.capture().origin();
        trace.notices = notices.into_list(pass.capture(), &trace.links, beyond(pass.flows()));
        trace.flows = pass.into_flows();
        trace
    }

    fn count(
        &mut self,
        frame: &Frame<'_>,
        places: &mut HashMap<LinkType, usize>,
        notices: &mut Notices,
    ) {
        self.packets = self.packets.saturating_add(1);
        self.octets = self.octets.saturating_add(frame.original_length.into());
        self.precision = self.precision.max(frame.precision);
        if let Some(time) = frame.timestamp {
            notices.observe_time(frame.number, self.last, time);
            self.first.get_or_insert(time);
            self.last = Some(time);
        }
        // Nearly always the first; a hostile capture has 65,536.
        let link_type = frame.link_type;
        let place = match self.links.first() {
            Some(first) if first.link_type == link_type => 0,
            _ => *places.entry(link_type).or_insert(self.links.len()),
        };
        match self.links.get_mut(place) {
            Some(link) => link.packets = link.packets.saturating_add(1),
            None => self.links.push(LinkCount {
                link_type,
                packets: 1,
            }),
        }
    }
}

/// Whether the frame was decoded to something that a reader would call a packet.
fn is_decoded(packet: &Packet<'_>) -> bool {
    !packet.layers().is_empty()
}
