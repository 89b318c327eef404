//! The chat's packets, kept for what is drawn and looked up of them.

use super::Arrow;
use crate::field::Dissection;

/// The first packets of the chat, and how many more there are.
#[derive(Debug)]
pub struct Arrows {
    list: Vec<Arrow>,
    limit: usize,
    left_out: u64,
}

/// Packets back to which a packet is compared: more hosts than that do not forward one packet.
pub(crate) const LOOK_BACK: usize = 8;

impl Arrows {
    pub(in crate::trace) const fn new(limit: usize) -> Self {
        Self {
            list: Vec::new(),
            limit,
            left_out: 0,
        }
    }

    /// The packets that were kept, in the order of the capture.
    pub fn list(&self) -> &[Arrow] {
        &self.list
    }

    /// How many packets are kept at most.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How many packets of the chat were not kept.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether no more packets will be kept.
    pub const fn is_full(&self) -> bool {
        self.list.len() >= self.limit
    }

    pub(in crate::trace) fn add(&mut self, seen: &Dissection<'_>, port: u16) {
        if self.is_full() {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let arrow = Arrow::new(seen, port);
        let mut latest = self.list.iter_mut().rev().take(LOOK_BACK);
        match latest.find(|other| other.is_copied_by(&arrow)) {
            Some(original) => original.copies = original.copies.saturating_add(1),
            None => self.list.push(arrow),
        }
    }
}
