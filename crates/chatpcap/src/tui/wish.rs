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

    /// Reads the capture, from its first frame on.
    ///
    /// `watch` is told now and then how many octets of the file have been read, and says whether the
    /// wish is still wanted; `None` where it is not.
    pub fn fulfil(
        &self,
        capture: Capture,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Option<Found> {
        let filter = self.filter.as_deref();
        match self.what {
            What::Overview => Overview::read(capture, filter, watch).map(Found::Overview),
            What::Window(request) => {
                Window::read(capture, filter, request, watch).map(Found::Window)
            }
        }
    }
}
