//! What a TCP flow began and ended with, in few octets.
//!
//! Captures have millions of flows, and nearly all of them begin and end in one way: one SYN, one answer,
//! and numbers that do not need all of their bits. A flow like that takes 104 octets here instead of the 264
//! of a [`State`], which has room for all that a handshake may be. Any other flow keeps its state as it is.

use super::tcp::{Ending, Mark, State};
use super::{Direction, Handshake, PerDirection, WindowScale};
use crate::capture::Timestamp;

/// A packed [`State`].
#[derive(Clone, Debug)]
pub(super) enum Packed {
    Usual(Usual),
    Unusual(Box<State>),
}

/// The state of a flow in which nothing of the handshake happened twice.
///
/// No field is aligned to more than four octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usual {
    isn: PerDirection<u32>,
    syn: UsualMark,
    syn_ack: UsualMark,
    ack: UsualMark,
    /// Lower and upper half.
    identity: PerDirection<[u32; 2]>,
    times: PerDirection<Option<Timestamp>>,
    /// 0 stands for none.
    first_rst_frame: u32,
    /// Nanoseconds, at most 18 minutes; the lowest octet first.
    initial_rtt: [u8; 5],
    header_offsets: [u8; 3],
    /// Which of the numbers above are there.
    there: u8,
    syn_direction: Option<Direction>,
    window_scale: PerDirection<UsualScale>,
    fin: PerDirection<u8>,
    rst: PerDirection<u8>,
}

/// A [`Mark`] without its header's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct UsualMark {
    frame: u32,
    seq: u32,
    ack: u32,
}

/// A [`WindowScale`] in one octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UsualScale(u8);

/// Bits of `there`.
const ISN_FORWARD: u8 = 1;
const ISN_BACKWARD: u8 = 2;
const SYN: u8 = 4;
const SYN_ACK: u8 = 8;
const ACK: u8 = 16;
const INITIAL_RTT: u8 = 32;

/// Stands for a header that has no place in its frame.
const NO_OFFSET: u8 = u8::MAX;

impl Default for Packed {
    fn default() -> Self {
        Self::Usual(Usual::default())
    }
}

impl Packed {
    #[cfg(test)]
    fn unpack(&self) -> State {
        match self {
            Self::Usual(usual) => usual.unpack(),
            Self::Unusual(state) => State::clone(state),
        }
    }

    /// Changes the handshake, and returns what the change does.
    ///
    /// A state that became unusual stays so: it need not be packed again and again.
    pub(super) fn change_handshake<R>(&mut self, change: impl FnOnce(&mut Handshake) -> R) -> R {
        match self {
            Self::Usual(usual) => {
                let mut handshake = usual.handshake();
                let result = change(&mut handshake);
                if usual.set_handshake(&handshake).is_none() {
                    *self = Self::Unusual(Box::new(State {
                        handshake,
                        ..usual.unpack()
                    }));
                }
                result
            }
            Self::Unusual(state) => change(&mut state.handshake),
        }
    }

    /// Changes what is counted of the end.
    pub(super) fn change_ending(&mut self, change: impl FnOnce(&mut Ending)) {
        match self {
            Self::Usual(usual) => {
                let mut ending = usual.ending();
                change(&mut ending);
                if usual.set_ending(&ending).is_none() {
                    *self = Self::Unusual(Box::new(State {
                        ending,
                        ..usual.unpack()
                    }));
                }
            }
            Self::Unusual(state) => change(&mut state.ending),
        }
    }

    /// Changes the initial sequence numbers.
    pub(super) fn change_isn(&mut self, change: impl FnOnce(&mut PerDirection<Option<u32>>)) {
        match self {
            Self::Usual(usual) => {
                let mut isn = usual.isn();
                change(&mut isn);
                usual.set_isn(isn);
            }
            Self::Unusual(state) => change(&mut state.isn),
        }
    }

    /// Changes how windows are scaled.
    pub(super) fn change_window_scale(
        &mut self,
        change: impl FnOnce(&mut PerDirection<WindowScale>),
    ) {
        match self {
            Self::Usual(usual) => {
                let mut scale = usual.window_scale();
                change(&mut scale);
                usual.set_window_scale(scale);
            }
            Self::Unusual(state) => change(&mut state.window_scale),
        }
    }

    /// The handshake.
    pub(super) fn handshake(&self) -> Handshake {
        match self {
            Self::Usual(usual) => usual.handshake(),
            Self::Unusual(state) => state.handshake,
        }
    }

    /// The initial sequence numbers.
    pub(super) fn isn(&self) -> PerDirection<Option<u32>> {
        match self {
            Self::Usual(usual) => usual.isn(),
            Self::Unusual(state) => state.isn,
        }
    }

    /// How windows are scaled.
    pub(super) fn window_scale(&self) -> PerDirection<WindowScale> {
        match self {
            Self::Usual(usual) => usual.window_scale(),
            Self::Unusual(state) => state.window_scale,
        }
    }

    /// What is counted of the end.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Usual(usual) => usual.ending(),
            Self::Unusual(state) => state.ending,
        }
    }

    /// Reads some of it, so that it is in the cache.
    pub(super) const fn touch(&self) -> u64 {
        match self {
            Self::Usual(usual) => (usual.isn.forward ^ usual.ack.ack) as u64 ^ usual.there as u64,
            Self::Unusual(state) => state.handshake.last_syn_frame,
        }
    }
}

impl Usual {
    fn unpack(&self) -> State {
        State {
            handshake: self.handshake(),
            isn: self.isn(),
            window_scale: self.window_scale(),
            ending: self.ending(),
        }
    }

    fn handshake(&self) -> Handshake {
        let mark = |bit, mark: UsualMark, offset: u8| {
            self.has(bit).then(|| Mark {
                frame: mark.frame.into(),
                seq: mark.seq,
                ack: mark.ack,
                header_offset: (offset != NO_OFFSET).then_some(offset.into()),
            })
        };
        let [syn_at, syn_ack_at, ack_at] = self.header_offsets;
        let syn = mark(SYN, self.syn, syn_at);
        let syn_direction = self.syn_direction.filter(|_| syn.is_some());
        Handshake {
            syn_direction: self.syn_direction,
            syn,
            syn_payload: 0,
            syn_ack: mark(SYN_ACK, self.syn_ack, syn_ack_at),
            ack: mark(ACK, self.ack, ack_at),
            syn_count: self.has(SYN).into(),
            syn_ack_count: self.has(SYN_ACK).into(),
            crossing: 0,
            captured_twice: 0,
            last_syn_frame: syn.map_or(0, |syn| syn.frame),
            initial_rtt: self.has(INITIAL_RTT).then(|| {
                let mut octets = [0; 8];
                for (octet, kept) in octets.iter_mut().zip(self.initial_rtt) {
                    *octet = kept;
                }
                i64::from_le_bytes(octets)
            }),
            last_syn_time: syn_direction.and_then(|direction| *self.times.get(direction)),
            identity: PerDirection {
                forward: (whole(self.identity.forward), self.times.forward),
                backward: (whole(self.identity.backward), self.times.backward),
            },
        }
    }

    /// `None`, and nothing else is changed, where there is no room for all of it.
    fn set_handshake(&mut self, handshake: &Handshake) -> Option<()> {
        if !follows_from_marks(handshake) {
            return None;
        }
        let Handshake {
            syn,
            syn_ack,
            ack,
            initial_rtt,
            identity,
            ..
        } = handshake;
        let offset = |mark: &Option<Mark>| match mark.and_then(|mark| mark.header_offset) {
            Some(offset) => u8::try_from(offset).ok().filter(|at| *at != NO_OFFSET),
            None => Some(NO_OFFSET),
        };
        let nanoseconds = u64::try_from(initial_rtt.unwrap_or_default()).ok()?;
        let [rtt @ .., 0, 0, 0] = nanoseconds.to_le_bytes() else {
            return None;
        };
        let marks = (
            UsualMark::new(syn.as_ref())?,
            UsualMark::new(syn_ack.as_ref())?,
            UsualMark::new(ack.as_ref())?,
        );
        self.header_offsets = [offset(syn)?, offset(syn_ack)?, offset(ack)?];
        (self.syn, self.syn_ack, self.ack) = marks;
        self.initial_rtt = rtt;
        self.syn_direction = handshake.syn_direction;
        self.identity.forward = halves(identity.forward.0);
        self.identity.backward = halves(identity.backward.0);
        self.times.forward = identity.forward.1;
        self.times.backward = identity.backward.1;
        self.note(SYN, syn.is_some());
        self.note(SYN_ACK, syn_ack.is_some());
        self.note(ACK, ack.is_some());
        self.note(INITIAL_RTT, initial_rtt.is_some());
        Some(())
    }

    fn ending(&self) -> Ending {
        let counts = |counts: PerDirection<u8>| PerDirection {
            forward: counts.forward.into(),
            backward: counts.backward.into(),
        };
        Ending {
            fin: counts(self.fin),
            rst: counts(self.rst),
            first_rst_frame: (self.first_rst_frame > 0).then_some(self.first_rst_frame.into()),
        }
    }

    /// `None`, and nothing is changed, where there is no room for all of it.
    fn set_ending(&mut self, ending: &Ending) -> Option<()> {
        let counts = |counts: PerDirection<u32>| {
            Some(PerDirection {
                forward: u8::try_from(counts.forward).ok()?,
                backward: u8::try_from(counts.backward).ok()?,
            })
        };
        let (fin, rst) = (counts(ending.fin)?, counts(ending.rst)?);
        self.first_rst_frame = u32::try_from(ending.first_rst_frame.unwrap_or_default()).ok()?;
        (self.fin, self.rst) = (fin, rst);
        Some(())
    }

    fn isn(&self) -> PerDirection<Option<u32>> {
        PerDirection {
            forward: self.has(ISN_FORWARD).then_some(self.isn.forward),
            backward: self.has(ISN_BACKWARD).then_some(self.isn.backward),
        }
    }

    fn set_isn(&mut self, isn: PerDirection<Option<u32>>) {
        let PerDirection { forward, backward } = isn;
        self.isn = PerDirection {
            forward: forward.unwrap_or_default(),
            backward: backward.unwrap_or_default(),
        };
        self.note(ISN_FORWARD, forward.is_some());
        self.note(ISN_BACKWARD, backward.is_some());
    }

    fn window_scale(&self) -> PerDirection<WindowScale> {
        PerDirection {
            forward: self.window_scale.forward.into(),
            backward: self.window_scale.backward.into(),
        }
    }

    fn set_window_scale(&mut self, scale: PerDirection<WindowScale>) {
        self.window_scale = PerDirection {
            forward: UsualScale::new(scale.forward),
            backward: UsualScale::new(scale.backward),
        };
    }

    const fn has(&self, bit: u8) -> bool {
        self.there & bit != 0
    }

    const fn note(&mut self, bit: u8, is_there: bool) {
        if is_there {
            self.there |= bit;
        } else {
            self.there &= !bit;
        }
    }
}

/// Whether all that is not kept follows from the rest: nothing happened twice.
fn follows_from_marks(handshake: &Handshake) -> bool {
    let last_syn = handshake.syn.map(|syn| syn.frame);
    let syn_direction = handshake.syn_direction.filter(|_| last_syn.is_some());
    let time = syn_direction.and_then(|direction| handshake.identity.get(direction).1);
    handshake.syn_payload | handshake.crossing | handshake.captured_twice == 0
        && handshake.syn_count == u32::from(handshake.syn.is_some())
        && handshake.syn_ack_count == u32::from(handshake.syn_ack.is_some())
        && handshake.last_syn_frame == last_syn.unwrap_or_default()
        && handshake.last_syn_time == time
}

impl UsualMark {
    fn new(mark: Option<&Mark>) -> Option<Self> {
        let Some(mark) = mark else {
            return Some(Self::default());
        };
        Some(Self {
            frame: u32::try_from(mark.frame).ok()?,
            seq: mark.seq,
            ack: mark.ack,
        })
    }
}

impl UsualScale {
    /// Shifts are at most 14.
    const UNKNOWN: u8 = u8::MAX;
    const UNUSED: u8 = u8::MAX - 1;

    const fn new(scale: WindowScale) -> Self {
        Self(match scale {
            WindowScale::Unknown => Self::UNKNOWN,
            WindowScale::Unused => Self::UNUSED,
            WindowScale::Shift(shift) => shift,
        })
    }
}

impl Default for UsualScale {
    fn default() -> Self {
        Self::new(WindowScale::default())
    }
}

impl From<UsualScale> for WindowScale {
    fn from(UsualScale(octet): UsualScale) -> Self {
        match octet {
            UsualScale::UNKNOWN => Self::Unknown,
            UsualScale::UNUSED => Self::Unused,
            shift => Self::Shift(shift),
        }
    }
}

/// Lower and upper half of a number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "each half is cut out of the whole"
)]
const fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

fn whole([lower, upper]: [u32; 2]) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flow::TcpFlow;

    #[test]
    fn a_usual_flow_is_small() {
        assert_eq!(size_of::<Packed>(), 104);
        assert_eq!(size_of::<TcpFlow>(), 232);
    }

    fn mark() -> impl Strategy<Value = Option<Mark>> {
        // Numbers around the limits of what is usual.
        let frame = prop_oneof![1..1000_u64, (1_u64 << 32) - 2..(1 << 32) + 2];
        let offset = proptest::option::of(prop_oneof![0..300_u32, any::<u32>()]);
        proptest::option::of((frame, any::<u32>(), any::<u32>(), offset).prop_map(
            |(frame, seq, ack, header_offset)| Mark {
                frame,
                seq,
                ack,
                header_offset,
            },
        ))
    }

    fn time() -> impl Strategy<Value = Option<Timestamp>> {
        proptest::option::of((0..3_i64, 0..2_u32).prop_map(|(s, n)| Timestamp::new(s, n)))
    }

    fn pair<T: std::fmt::Debug>(
        one: impl Strategy<Value = T> + Clone,
    ) -> impl Strategy<Value = PerDirection<T>> {
        (one.clone(), one).prop_map(|(forward, backward)| PerDirection { forward, backward })
    }

    fn handshake() -> impl Strategy<Value = Handshake> {
        let direction = prop_oneof![Just(Direction::Forward), Just(Direction::Backward)];
        let identity = (any::<u64>(), (0..3_i64, 0..2_u32))
            .prop_map(|(identity, (s, n))| (identity, (s > 0).then(|| Timestamp::new(s, n))));
        (
            (proptest::option::of(direction), mark(), mark(), mark()),
            (0..3_u32, 0..3_u32, 0..2_u32, 0..2_u32, 0..2_u32),
            (0..1000_u64, time(), pair(identity)),
            proptest::option::of(prop_oneof![
                -5..5_i64,
                (1 << 40) - 2..(1_i64 << 40) + 2,
                any::<i64>()
            ]),
        )
            .prop_map(
                |(
                    (syn_direction, syn, syn_ack, ack),
                    (syn_count, syn_ack_count, syn_payload, crossing, captured_twice),
                    (last_syn_frame, last_syn_time, identity),
                    initial_rtt,
                )| Handshake {
                    syn_direction,
                    syn,
                    syn_payload,
                    syn_ack,
                    ack,
                    syn_count,
                    syn_ack_count,
                    crossing,
                    captured_twice,
                    last_syn_frame,
                    initial_rtt,
                    last_syn_time,
                    identity,
                },
            )
    }

    fn state() -> impl Strategy<Value = State> {
        let scale = prop_oneof![
            Just(WindowScale::Unknown),
            Just(WindowScale::Unused),
            (0..15_u8).prop_map(WindowScale::Shift)
        ];
        (
            handshake(),
            pair(proptest::option::of(any::<u32>())),
            pair(scale),
            pair(prop_oneof![0..3_u32, 250..260_u32]),
            pair(prop_oneof![0..3_u32, any::<u32>()]),
            proptest::option::of(1..1000_u64),
        )
            .prop_map(
                |(handshake, isn, window_scale, fin, rst, first_rst_frame)| State {
                    handshake,
                    isn,
                    window_scale,
                    ending: Ending {
                        fin,
                        rst,
                        first_rst_frame,
                    },
                },
            )
    }

    proptest! {
        #[test]
        fn nothing_is_lost(state in state(), is_usual: bool) {
            let mut state = state;
            if is_usual {
                // The same as a usual flow has it, as far as the numbers are.
                let handshake = &mut state.handshake;
                handshake.syn_payload = 0;
                handshake.crossing = 0;
                handshake.captured_twice = 0;
                handshake.syn_count = handshake.syn.is_some().into();
                handshake.syn_ack_count = handshake.syn_ack.is_some().into();
                handshake.last_syn_frame = handshake.syn.map_or(0, |syn| syn.frame);
                let direction = handshake.syn_direction.filter(|_| handshake.syn.is_some());
                handshake.last_syn_time =
                    direction.and_then(|direction| handshake.identity.get(direction).1);
            }
            let mut packed = Packed::default();
            packed.change_isn(|isn| *isn = state.isn);
            packed.change_handshake(|handshake| *handshake = state.handshake);
            packed.change_window_scale(|scale| *scale = state.window_scale);
            packed.change_ending(|ending| *ending = state.ending);
            prop_assert_eq!(packed.isn(), state.isn);
            prop_assert_eq!(packed.window_scale(), state.window_scale);
            prop_assert_eq!(packed.handshake(), state.handshake);
            prop_assert_eq!(packed.ending(), state.ending);
            prop_assert_eq!(packed.unpack(), state);
        }
    }
}
