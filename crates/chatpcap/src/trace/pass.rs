//! One pass over a capture, frame by frame.

use std::ops::ControlFlow;

use crate::capture::{Capture, Format};
use crate::field::{Clock, Dissection, Needs};
use crate::filter::Filter;
use crate::flow::{Copies, FlowTable};
use crate::packet::{Decoder, Packet};

/// How often the progress of a pass is told, in frames.
const FRAMES_A_PROGRESS: u64 = 1 << 14;

/// One pass over a capture: its frames, each with what is known of it, as far as a filter selects.
///
/// No more is found out about a frame than the filter and the observer need.
#[derive(Debug)]
pub struct Pass<'f> {
    capture: Capture,
    filter: Option<&'f Filter>,
    needs: Needs,
    flows: FlowTable,
    frames: u64,
}

impl<'f> Pass<'f> {
    /// A pass over `capture` that shows the frames that `filter` selects to an observer that needs to
    /// know so much of them.
    pub fn new(capture: Capture, filter: Option<&'f Filter>, needs: Needs) -> Self {
        let needs = filter.map_or(needs, |filter| needs.max(filter.needs()));
        let flows = if needs == Needs::Analysis {
            // Filters select what Wireshark selects; copies are marked.
            FlowTable::analysing(Copies::Count)
        } else {
            FlowTable::new()
        };
        Self {
            capture,
            filter,
            needs,
            flows,
            frames: 0,
        }
    }

    /// Reads to the end, or until the observer breaks off.
    ///
    /// The observer is given the flow table too, to record a frame's packets in their flows.
    /// `progress` is told now and then how many octets of the input have been read.
    pub fn run(
        &mut self,
        progress: &mut dyn FnMut(u64),
        observe: &mut dyn FnMut(&Dissection<'_>, &mut FlowTable) -> ControlFlow<()>,
    ) {
        let Self {
            capture,
            filter,
            needs,
            flows,
            frames,
        } = self;
        let has_interfaces = capture.format() == Format::Pcapng;
        let mut decoder = Decoder::new();
        let mut clock = Clock::default();
        let mut read = capture.octets_read();
        while let Some(frame) = capture.next_frame() {
            *frames = frames.saturating_add(1);
            clock.first = clock.first.or(frame.timestamp);
            let packet = if *needs >= Needs::Packet {
                decoder.decode(&frame)
            } else {
                Packet::undecoded(frame.octets)
            };
            let sightings = (*needs >= Needs::Flow).then(|| flows.identify(&frame, &packet));
            let dissection = Dissection {
                frame: &frame,
                packet: &packet,
                sightings: sightings.as_ref(),
                interface: has_interfaces.then_some(frame.interface),
                clock,
            };
            if filter.is_none_or(|filter| filter.selects(&dissection)) {
                clock.previous_selected = frame.timestamp;
                if observe(&dissection, flows).is_break() {
                    break;
                }
            }
            clock.previous = frame.timestamp;
            if frames.is_multiple_of(FRAMES_A_PROGRESS) {
                let now = capture.octets_read();
                if now != read {
                    read = now;
                    progress(now);
                }
            }
        }
    }

    /// The capture, for its notices.
    pub const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// Frames that were read, selected or not.
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// The flows that were found so far.
    pub const fn flows(&self) -> &FlowTable {
        &self.flows
    }

    /// The flows that were found, with what the observer recorded.
    pub fn into_flows(self) -> FlowTable {
        self.flows
    }
}
