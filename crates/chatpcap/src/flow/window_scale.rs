//! Whether and how a direction's windows are scaled (RFC 7323 §2).

use etherparse::TcpOptionElement;

use super::{Direction, PerDirection};
use crate::packet::{Flags, Tcp};

/// A shift above this counts as this (RFC 7323 §2.3).
const MAX_SHIFT: u8 = 14;

/// What the handshake says of the windows of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowScale {
    /// The handshake is not in the capture.
    #[default]
    Unknown,
    /// One side offered none, so that none is used.
    Unused,
    /// The window is shifted left by this, at most 14.
    Shift(u8),
}

impl WindowScale {
    /// A window of the header in octets.
    pub const fn apply(self, window: u16) -> u32 {
        match self {
            Self::Shift(shift) => (window as u32) << shift,
            Self::Unknown | Self::Unused => window as u32,
        }
    }

    /// As `tcp.window_size_scalefactor` shows it: a factor, -1 for unknown, -2 for unused.
    pub const fn factor(self) -> i32 {
        match self {
            Self::Unknown => -1,
            Self::Unused => -2,
            Self::Shift(shift) => 1 << shift,
        }
    }
}

impl PerDirection<WindowScale> {
    /// Learns from the options of a SYN or SYN-ACK.
    pub(super) fn learn(&mut self, direction: Direction, flags: Flags, tcp: &Tcp<'_>) {
        let offered = tcp.options().find_map(|option| match option {
            TcpOptionElement::WindowScale(shift) => Some(shift.min(MAX_SHIFT)),
            _ => None,
        });
        let peer = *self.get(direction.reverse());
        let own = self.get_mut(direction);
        if let Some(shift) = offered {
            *own = WindowScale::Shift(shift);
        }
        // Options that the snap length cut may have offered one.
        let is_whole = tcp.header_length() <= Some(tcp.header.octets().len());
        if *own == WindowScale::Unknown && is_whole {
            // This side offers none: neither side may scale.
            *self = Self {
                forward: WindowScale::Unused,
                backward: WindowScale::Unused,
            };
        } else if flags.is_syn_ack() && peer == WindowScale::Unused {
            *own = WindowScale::Unused;
        }
    }
}
