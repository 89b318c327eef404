//! What a view lacks, and the pass over a capture that finds it.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::window::Request;
use super::{Overview, Window};
use crate::capture::Capture;
use crate::filter::Filter;

/// What a view lacks.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Tells it from other wishes of the view.
    pub number: u64,
    /// Which of the view's files is to be read.
    pub file: usize,
    pub(super) filter: Option<Arc<Filter>>,
    pub(super) what: What,
    pub(super) max_flows: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Overview,
    Window(Request),
}

/// What was found.
#[derive(Debug)]
pub enum Found {
    /// The capture at a glance.
    Overview(Overview),
    /// Packets.
    Window(Window),
}

impl Wish {
    /// Whether it is for packets. A view has at most one wish for packets and one for an overview; a
    /// later one takes the place of an earlier one.
    pub const fn is_for_packets(&self) -> bool {
        matches!(self.what, What::Window(_))
    }

    /// Tells at most so many flows of each transport apart, [`MAX_FLOWS`](crate::flow::MAX_FLOWS) where
    /// nobody says.
    pub const fn limit_flows(&mut self, flows: usize) {
        self.max_flows = flows;
    }

    /// Reads the capture, from its first frame on.
    ///
    /// `watch` is told now and then how many octets of the file have been read, and says whether the
    /// wish is still wanted; `None` where it is not.
    pub fn fulfil(
        &self,
        capture: Capture,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Option<Found> {
        let (filter, max_flows) = (self.filter.as_deref(), self.max_flows);
        match self.what {
            What::Overview => {
                Overview::read(capture, filter, max_flows, watch).map(Found::Overview)
            }
            What::Window(request) => {
                Window::read(capture, filter, max_flows, request, watch).map(Found::Window)
            }
        }
    }
}
