//! A capture at a glance: how many frames a filter selects, and their flows.

use std::ops::ControlFlow;

use super::shown::Shown;
use crate::capture::{Capture, Format};
use crate::filter::Filter;
use crate::flow::{Close, Direction, Trouble};
use crate::report::safe;
use crate::trace::{Conversation, Conversations, End, Layer};

/// Frames between two questions whether the overview is still wanted.
const FRAMES_A_LOOK: u64 = 1 << 14;

/// A capture at a glance.
#[derive(Debug)]
pub struct Overview {
    /// Frames that were read.
    pub frames: u64,
    /// Frames that were selected.
    pub selected: u64,
    /// Octets of these on the wire.
    pub octets: u64,
    /// The capture's format.
    pub format: Format,
    /// What the reader should know of the capture, safe to show.
    pub notices: Vec<String>,
    /// TCP flows, then UDP flows, each by number.
    pub(super) flows: Vec<FlowRow>,
}

/// One flow of the list.
#[derive(Clone, Debug)]
pub(super) struct FlowRow {
    pub(super) flow: Shown,
    pub(super) ends: [End; 2],
    pub(super) packets: u64,
    pub(super) octets: u64,
    /// How a TCP connection began and ended.
    pub(super) close: Option<Close>,
    /// What TCP went through, both ways.
    pub(super) trouble: Trouble,
}

impl Overview {
    /// Reads a capture; `None` where `watch` said that nobody waits for it any more.
    pub(super) fn read(
        mut capture: Capture,
        filter: Option<&Filter>,
        max_flows: usize,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Option<Self> {
        let layers = [Layer::Tcp, Layer::Udp];
        let format = capture.format();
        let mut found = Conversations::new(format, &layers, filter);
        found.limit(max_flows);
        while let Some(frame) = capture.next_frame() {
            found.add(&frame);
            if found.frames().is_multiple_of(FRAMES_A_LOOK)
                && watch(capture.octets_read()).is_break()
            {
                return None;
            }
        }
        let mut flows = Vec::new();
        for layer in layers {
            let all = (0..found.len(layer)).filter_map(|index| found.get(layer, index));
            flows.extend(all.filter_map(|conversation| FlowRow::new(&conversation)));
        }
        let notices = found.notices(&capture);
        Some(Self {
            frames: found.frames(),
            selected: found.packets,
            octets: found.octets,
            format,
            notices: notices
                .iter()
                .map(|notice| safe(&notice.to_string()))
                .collect(),
            flows,
        })
    }
}

impl FlowRow {
    fn new(conversation: &Conversation<'_>) -> Option<Self> {
        let volume = conversation.volume();
        let (flow, close, trouble) = match conversation {
            Conversation::Tcp(flow, findings) => {
                let trouble = findings.map(|findings| {
                    let trouble = &findings.trouble;
                    trouble.forward.plus(trouble.backward)
                });
                (
                    Shown::Tcp(flow.flow.index),
                    Some(Close::of(flow)),
                    trouble.unwrap_or_default(),
                )
            }
            Conversation::Udp(flow) => (Shown::Udp(flow.flow.index), None, Trouble::default()),
            _ => return None,
        };
        Some(Self {
            flow,
            ends: [Direction::Forward, Direction::Backward]
                .map(|direction| conversation.sender(direction)),
            packets: conversation.packets(),
            octets: volume.forward.octets.saturating_add(volume.backward.octets),
            close,
            trouble,
        })
    }

    /// What is to be said of it: Zeek's state, and what went wrong.
    pub(super) fn verdict(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.close.map(|close| close.code().to_owned()));
        let trouble = &self.trouble;
        for (count, what) in [
            (trouble.retransmissions, "resent"),
            (trouble.out_of_order, "out of order"),
            (trouble.lost_segments, "lost"),
            (trouble.duplicate_acks, "dup ACK"),
            (trouble.zero_windows, "zero window"),
            (trouble.captured_twice, "twice"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.join(", ")
    }
}
