//! One pass over a capture, frame by frame.

use std::ops::ControlFlow;

use super::notice::{Notice, beyond};
use crate::capture::{Capture, Format, Frame, LinkType};
use crate::field::{Clock, Dissection, Needs};
use crate::filter::Filter;
use crate::flow::{Copies, FlowTable, Sightings};
use crate::packet::{Decoder, Packet, Plain};

/// How often the progress of a pass is told, in frames.
pub(super) const FRAMES_A_PROGRESS: u64 = 1 << 14;

/// One pass over a capture: its frames, each with what is known of it, as far as a filter selects.
#[derive(Debug)]
pub struct Pass<'f> {
    capture: Capture,
    examiner: Examiner<'f>,
}

/// What finds out about one frame after another.
///
/// No more is found out about a frame than the filter and the observer need.
#[derive(Debug)]
pub(super) struct Examiner<'f> {
    filter: Option<&'f Filter>,
    needs: Needs,
    has_interfaces: bool,
    decoder: Decoder,
    flows: FlowTable,
    /// Whether packets are counted in their flows here: nobody needs to know which these are.
    counts: bool,
    clock: Clock,
    frames: u64,
    /// Frames until the next look ahead.
    looked_ahead: usize,
}

/// Who looks at the frames that were selected, and may record them in the flow table.
pub(super) type Observer<'o> = dyn FnMut(&Dissection<'_>, &mut FlowTable) -> ControlFlow<()> + 'o;

impl<'f> Examiner<'f> {
    /// Examines the frames of a capture of this format for an observer that needs to know so much of
    /// those that `filter` selects.
    ///
    /// `copies` says what becomes of packets that are captured twice, where TCP is analysed.
    pub(super) fn new(
        format: Format,
        filter: Option<&'f Filter>,
        needs: Needs,
        copies: Copies,
    ) -> Self {
        let needs = filter.map_or(needs, |filter| needs.max(filter.needs()));
        let flows = if needs == Needs::Analysis {
            FlowTable::analysing(copies)
        } else {
            FlowTable::new()
        };
        Self {
            filter,
            needs,
            has_interfaces: format == Format::Pcapng,
            decoder: Decoder::new(),
            flows,
            counts: false,
            clock: Clock::default(),
            frames: 0,
            looked_ahead: 0,
        }
    }

    /// Examines frames, and counts the packets of those that `filter` selects in their flows: an observer
    /// need not, and is not told which they are.
    pub(super) fn counting(
        format: Format,
        filter: Option<&'f Filter>,
        needs: Needs,
        copies: Copies,
    ) -> Self {
        let examiner = Self::new(format, filter, needs, copies);
        // A filter that asks for flows is told them before anything is counted.
        let counts = examiner.needs == Needs::Flow
            && filter.is_none_or(|filter| filter.needs() < Needs::Flow);
        Self { counts, ..examiner }
    }

    /// Prepares for the frames that come next, before one is read.
    #[inline]
    pub(super) fn look_ahead(&mut self, capture: &Capture) {
        if self.needs < Needs::Flow {
            return;
        }
        if self.looked_ahead == 0 {
            self.looked_ahead = self.flows.expect(capture.upcoming());
        }
        self.looked_ahead = self.looked_ahead.saturating_sub(1);
    }

    /// Examines the next frame, and shows it to the observer if it is selected.
    pub(super) fn examine(
        &mut self,
        frame: &Frame<'_>,
        observe: &mut Observer<'_>,
    ) -> ControlFlow<()> {
        let Self {
            filter,
            needs,
            has_interfaces,
            decoder,
            flows,
            counts,
            clock,
            frames,
            ..
        } = self;
        *frames = frames.saturating_add(1);
        clock.first = clock.first.or(frame.timestamp);
        let packet = if *needs >= Needs::Packet {
            decoder.decode(frame)
        } else {
            Packet::undecoded(frame.octets)
        };
        let mut sightings = Sightings::default();
        let sightings = if *needs < Needs::Flow || *counts {
            None
        } else {
            flows.identify_into(&mut sightings, frame, &packet);
            Some(&sightings)
        };
        let dissection = Dissection {
            frame,
            packet: &packet,
            sightings,
            interface: has_interfaces.then_some(frame.interface),
            clock: *clock,
        };
        let mut flow = ControlFlow::Continue(());
        let is_selected = filter.is_none_or(|filter| filter.selects(&dissection));
        if *counts {
            flows.count(frame, &packet, is_selected);
        }
        if is_selected {
            clock.previous_selected = frame.timestamp;
            flow = observe(&dissection, flows);
        }
        clock.previous = frame.timestamp;
        flow
    }

    /// Examines the next frame the short way, if it is plain and to be counted only: then an observer
    /// that asks for no headers has nothing to be told but the frame.
    #[inline]
    pub(super) fn examine_plain(&mut self, frame: &Frame<'_>) -> bool {
        if !self.counts || self.filter.is_some() || frame.link_type != LinkType::ETHERNET {
            return false;
        }
        let Some(plain) = Plain::find(frame.octets, frame.original_length) else {
            return false;
        };
        self.frames = self.frames.saturating_add(1);
        self.flows.count_plain(frame, &plain);
        true
    }

    /// Frames that were examined, selected or not.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Tells at most so many flows of each transport apart.
    pub(super) fn limit_flows(&mut self, flows: usize) {
        self.flows.limit(flows);
    }

    /// The flows that were found so far.
    pub(super) const fn flows(&self) -> &FlowTable {
        &self.flows
    }
}

impl<'f> Pass<'f> {
    /// A pass over `capture` that shows the frames that `filter` selects to an observer that needs to
    /// know so much of them. Filters select what Wireshark selects; copies are marked.
    pub fn new(capture: Capture, filter: Option<&'f Filter>, needs: Needs) -> Self {
        let examiner = Examiner::new(capture.format(), filter, needs, Copies::Count);
        Self { capture, examiner }
    }

    /// A pass for an observer that draws packets: TCP is analysed, of all flows or of those with `port`, and
    /// a packet that was captured twice is no retransmission, unless the filter asks what Wireshark
    /// would say.
    pub fn drawing(capture: Capture, filter: Option<&'f Filter>, port: Option<u16>) -> Self {
        let is_asked = filter.is_some_and(|filter| filter.needs() == Needs::Analysis);
        let copies = if is_asked {
            Copies::Count
        } else {
            Copies::PassOver
        };
        let mut examiner = Examiner::new(capture.format(), filter, Needs::Analysis, copies);
        if let Some(port) = port.filter(|_| !is_asked) {
            examiner.flows.analyse_only(port);
        }
        Self { capture, examiner }
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
        let Self { capture, examiner } = self;
        let mut read = capture.octets_read();
        loop {
            examiner.look_ahead(capture);
            let Some(frame) = capture.next_frame() else {
                break;
            };
            if examiner.examine(&frame, observe).is_break() {
                break;
            }
            if examiner.frames.is_multiple_of(FRAMES_A_PROGRESS) {
                let now = capture.octets_read();
                if now != read {
                    read = now;
                    progress(now);
                }
            }
        }
    }

    /// Tells at most so many flows of each transport apart, [`MAX_FLOWS`](crate::flow::MAX_FLOWS) where
    /// nobody says.
    pub fn limit_flows(&mut self, flows: usize) {
        self.examiner.limit_flows(flows);
    }

    /// The capture.
    pub const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// What the reader should know of the file, and of flows that were not told apart.
    pub fn notices(&self) -> Vec<Notice> {
        let files = self.capture.notices().iter().cloned().map(Notice::Capture);
        files.chain(beyond(self.flows())).collect()
    }

    /// Frames that were read, selected or not.
    pub const fn frames(&self) -> u64 {
        self.examiner.frames
    }

    /// The flows that were found so far.
    pub const fn flows(&self) -> &FlowTable {
        &self.examiner.flows
    }

    /// The flows that were found, with what the observer recorded.
    pub fn into_flows(self) -> FlowTable {
        self.examiner.flows
    }
}
