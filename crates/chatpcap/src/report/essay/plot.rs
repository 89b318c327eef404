//! Sequence numbers over time, laid out as a picture: one panel a direction, one time axis.
//!
//! Coordinates are whole tenths of a pixel, so that the same capture gives the same picture everywhere.

use std::fmt::Write as _;

use super::words::Words;
use crate::ask::Connection;
use crate::flow::Direction;
use crate::report::number::{counted, grouped};
use crate::trace::{Course, Dot, Survey, TimeSequence};

/// Tenths of a pixel: the left edge of the panels, their width, and their height.
const LEFT: i64 = 900;
const WIDTH: i64 = 6500;
const HEIGHT: i64 = 2000;
/// Above each panel its title, below it the labels of time.
const ABOVE: i64 = 300;
const BELOW: i64 = 420;
/// Steps of an axis at most.
const TICKS: i64 = 6;
/// Half the size of the mark of what was sent again.
const CROSS: i64 = 38;
/// A segment is drawn at least so high.
const LEAST: i64 = 24;

/// A flow with so many times the octets of the chat's connection is shown beside it.
const MUCH_LARGER: u64 = 4;

/// A picture of one flow.
pub(super) struct Plot {
    /// `tcp.stream 0 of client1.pcap`.
    pub title: String,
    pub width: String,
    pub height: String,
    /// The unit of the time axis.
    pub unit: &'static str,
    pub panels: Vec<Panel>,
    /// What is to be said below.
    pub notes: Vec<String>,
}

/// One direction.
pub(super) struct Panel {
    /// `10.20.30.11:56026 to 10.20.30.3:5000`.
    pub title: String,
    pub title_y: String,
    pub left: String,
    pub top: String,
    pub width: String,
    pub height: String,
    /// Ticks of time: place, end of the grid's line, place of the label, label.
    pub times: Vec<Tick>,
    pub numbers: Vec<Tick>,
    /// Segments with data.
    pub data: String,
    /// The highest acknowledgement, as steps.
    pub acks: String,
    /// What was sent again.
    pub again: String,
    /// All in one sentence.
    pub summary: String,
}

/// A tick and its label.
pub(super) struct Tick {
    /// The line of the grid.
    pub line: String,
    pub x: String,
    pub y: String,
    pub label: String,
}

/// The flows to show: the connection of client1, and the one with most octets where it is another and
/// much larger.
pub(super) fn plots(words: Words<'_>, surveys: &[Survey]) -> Vec<Plot> {
    let analysis = words.analysis;
    let connection = Connection::find(&analysis.roles, &analysis.traces);
    let of_chat = connection.and_then(|it| {
        let sequence = surveys.get(it.trace)?.sequences.get(it.flow.flow.index)?;
        Some((it.trace, sequence))
    });
    let all = surveys.iter().enumerate();
    let all = all.filter_map(|(trace, survey)| Some((trace, survey.sequences.largest()?)));
    // Of equals the first.
    let largest = all.rev().max_by_key(|(_, sequence)| sequence.octets);
    let is_larger = |(_, sequence): &(usize, &TimeSequence)| {
        let chat = of_chat.map(|(_, chat)| chat.octets.saturating_mul(MUCH_LARGER));
        chat.is_none_or(|chat| sequence.octets > chat)
    };
    let shown = of_chat.into_iter().chain(largest.filter(is_larger));
    shown
        .map(|(trace, sequence)| Plot::new(words, trace, sequence))
        .collect()
}

impl Plot {
    fn new(words: Words<'_>, trace: usize, sequence: &TimeSequence) -> Self {
        let directions = [Direction::Forward, Direction::Backward];
        let dots = directions.into_iter().flat_map(|direction| {
            let course = sequence.courses.get(direction);
            all_dots(course).collect::<Vec<_>>()
        });
        let times = dots.map(|dot| dot.time);
        let (first, last) = times.fold((0, 1), |(first, last), time| {
            (time.min(first), time.max(last))
        });
        let time = Axis::new(first, last, LEFT, WIDTH);
        let (unit, nanoseconds) = unit(time.last.saturating_sub(time.first));
        let (from, to) = sequence.ends;
        let ends = [(from, to), (to, from)];
        let panels = directions.into_iter().zip(ends).zip(0_i64..);
        let panels: Vec<Panel> = panels
            .map(|((direction, (from, to)), number)| {
                let top = ABOVE.saturating_add(number.saturating_mul(ABOVE + HEIGHT + BELOW));
                let course = sequence.courses.get(direction);
                let title = format!("{from} to {to}");
                Panel::new(title, top, course, &time, nanoseconds)
            })
            .collect();
        let mut notes = Vec::new();
        if directions
            .into_iter()
            .any(|it| is_thinned(sequence.courses.get(it)))
        {
            notes.push(
                "The flow is long: of its segments and acknowledgements only some are drawn, evenly \
                 chosen. Everything that was sent again is drawn; marks that would lie on each other are \
                 one."
                    .to_owned(),
            );
        }
        let title = if words.analysis.traces.len() > 1 {
            format!("tcp.stream {} of {}", sequence.flow, words.file(trace))
        } else {
            format!("tcp.stream {}", sequence.flow)
        };
        Self {
            title,
            width: pixels(LEFT + WIDTH + 300),
            height: pixels((ABOVE + HEIGHT + BELOW).saturating_mul(2)),
            unit,
            panels,
            notes,
        }
    }
}

impl Panel {
    fn new(title: String, top: i64, course: &Course, time: &Axis, nanoseconds: i64) -> Self {
        let bottom = top.saturating_add(HEIGHT);
        let ends = all_dots(course).map(|dot| dot.number.saturating_add(dot.length.into()));
        let starts = all_dots(course).map(|dot| dot.number);
        let last = ends.chain(starts.clone()).fold(1, i64::max);
        let first = starts.fold(0, i64::min);
        // Upwards.
        let number = Axis::new(first, last, bottom, -HEIGHT);
        let times = time.ticks().into_iter().map(|at| Tick {
            line: format!(
                "M{} {}V{}",
                pixels(time.place(at)),
                pixels(top),
                pixels(bottom)
            ),
            x: pixels(time.place(at)),
            y: pixels(bottom.saturating_add(170)),
            label: decimal(at, nanoseconds),
        });
        let numbers = number.ticks().into_iter().map(|at| Tick {
            line: format!(
                "M{} {}H{}",
                pixels(LEFT),
                pixels(number.place(at)),
                pixels(LEFT + WIDTH)
            ),
            x: pixels(LEFT - 80),
            y: pixels(number.place(at).saturating_add(40)),
            label: u64::try_from(at).map_or_else(|_| at.to_string(), grouped),
        });
        let again = counted(course.sent_again(), "segment");
        Self {
            summary: format!(
                "{title}: {} with data, SYN or FIN, {}, {again} sent again",
                counted(course.data.count(), "segment"),
                counted(course.acks.count(), "acknowledgement"),
            ),
            title,
            title_y: pixels(top.saturating_sub(90)),
            left: pixels(LEFT),
            top: pixels(top),
            width: pixels(WIDTH),
            height: pixels(HEIGHT),
            times: times.collect(),
            numbers: numbers.collect(),
            data: segments(course, time, &number),
            acks: steps(course, time, &number),
            again: crosses(course, time, &number),
        }
    }
}

/// Segments as upright strokes from their first octet to their last.
fn segments(course: &Course, time: &Axis, number: &Axis) -> String {
    let mut path = String::new();
    let mut before = None;
    for dot in course.data.dots() {
        let x = time.place(dot.time);
        let mut from = number.place(dot.number);
        let mut to = number.place(dot.number.saturating_add(dot.length.into()));
        if from.saturating_sub(to) < LEAST {
            let middle = i64::midpoint(from, to);
            (from, to) = (
                middle.saturating_add(LEAST / 2),
                middle.saturating_sub(LEAST / 2),
            );
        }
        // What lies on the stroke before it is not seen.
        if before != Some((x, from, to)) {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{} {}V{}", pixels(x), pixels(from), pixels(to));
        }
        before = Some((x, from, to));
    }
    path
}

/// The highest acknowledgement so far, as steps.
fn steps(course: &Course, time: &Axis, number: &Axis) -> String {
    let mut path = String::new();
    let mut highest: Option<i64> = None;
    let mut before = None;
    for dot in course.acks.dots() {
        let now = highest.map_or(dot.number, |highest| highest.max(dot.number));
        let (x, y) = (time.place(dot.time), number.place(now));
        // Writing to a string cannot fail.
        let _ = match before {
            None => write!(path, "M{} {}", pixels(x), pixels(y)),
            Some((other_x, other_y)) if (other_x, other_y) == (x, y) => Ok(()),
            Some((_, other)) if other == y => write!(path, "H{}", pixels(x)),
            Some(_) => write!(path, "H{}V{}", pixels(x), pixels(y)),
        };
        before = Some((x, y));
        highest = Some(now);
    }
    path
}

/// A cross for each segment that was sent again.
fn crosses(course: &Course, time: &Axis, number: &Axis) -> String {
    let mut path = String::new();
    let mut before = None;
    for again in &course.again {
        let x = time.place(again.dot.time);
        let half = i64::from(again.dot.length) / 2;
        let y = number.place(again.dot.number.saturating_add(half));
        if before == Some((x, y)) {
            continue;
        }
        before = Some((x, y));
        let [left, right] = [x.saturating_sub(CROSS), x.saturating_add(CROSS)].map(pixels);
        let [top, bottom] = [y.saturating_sub(CROSS), y.saturating_add(CROSS)].map(pixels);
        // Writing to a string cannot fail.
        let _ = write!(
            path,
            "M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}"
        );
    }
    path
}

fn all_dots(course: &Course) -> impl Iterator<Item = Dot> + Clone + '_ {
    let again = course.again.iter().map(|again| again.dot);
    course.data.dots().chain(course.acks.dots()).chain(again)
}

fn is_thinned(course: &Course) -> bool {
    [&course.data, &course.acks].into_iter().any(|series| {
        let shown = u64::try_from(series.dots().count()).unwrap_or(u64::MAX);
        shown < series.count()
    })
}

/// Values from `first` to `last`, drawn from `start` on over `length`, which may be negative.
#[derive(Clone, Copy)]
struct Axis {
    first: i64,
    last: i64,
    start: i64,
    length: i64,
}

impl Axis {
    const fn new(first: i64, last: i64, start: i64, length: i64) -> Self {
        Self {
            first,
            last,
            start,
            length,
        }
    }

    fn place(&self, value: i64) -> i64 {
        let span = i128::from(self.last)
            .saturating_sub(self.first.into())
            .max(1);
        let along = i128::from(value).saturating_sub(self.first.into());
        let along = along.saturating_mul(self.length.into()).div_euclid(span);
        let place = i128::from(self.start).saturating_add(along);
        i64::try_from(place).unwrap_or(self.start)
    }

    /// Round values along the axis.
    fn ticks(&self) -> Vec<i64> {
        let span = self.last.saturating_sub(self.first).max(1);
        let step = step(span);
        let start = self.first.div_euclid(step).saturating_mul(step);
        let next = |at: &i64| at.checked_add(step).filter(|at| *at <= self.last);
        let ticks = std::iter::successors(Some(start), next);
        ticks.filter(|at| *at >= self.first).collect()
    }
}

/// The least of 1, 2, 5, 10, 20 ... that divides the span into few steps.
fn step(span: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for digit in [1, 2, 5] {
            let step = power.saturating_mul(digit);
            if span / step <= TICKS || step == i64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// The unit of a span of time, and its nanoseconds.
const fn unit(span: i64) -> (&'static str, i64) {
    match span {
        1_000_000_000.. => ("seconds", 1_000_000_000),
        1_000_000.. => ("milliseconds", 1_000_000),
        _ => ("microseconds", 1_000),
    }
}

/// `2500000` nanoseconds as `2.5` milliseconds.
fn decimal(value: i64, unit: i64) -> String {
    let (whole, mut rest) = (value / unit, (value % unit).abs());
    let sign = if value < 0 { "-" } else { "" };
    let mut text = format!("{sign}{}", grouped(whole.unsigned_abs()));
    let mut place = unit;
    if rest > 0 {
        text.push('.');
    }
    for _ in 0..3 {
        if rest == 0 {
            break;
        }
        place /= 10;
        let digit = rest / place.max(1);
        let _ = write!(text, "{digit}");
        rest %= place.max(1);
    }
    text
}

/// Tenths of a pixel as pixels.
fn pixels(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    match tenth {
        0 => format!("{sign}{whole}"),
        tenth => format!("{sign}{whole}.{tenth}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for span in [1, 7, 99, 1000, 65_535, 2_974_465_000, i64::MAX] {
            let axis = Axis::new(0, span, 0, 1000);
            let ticks = axis.ticks();
            assert!((2..=8).contains(&ticks.len()), "{span}: {ticks:?}");
            let step = ticks.get(1).unwrap();
            let digits = step.to_string();
            assert!("125".contains(digits.trim_end_matches('0')), "{step}");
        }
        assert_eq!(Axis::new(-3, 4, 0, 70).ticks(), [-2, 0, 2, 4]);
    }

    #[test]
    fn values_lie_on_the_axis() {
        let up = Axis::new(0, 200, 2300, -2000);
        assert_eq!([0, 100, 200].map(|it| up.place(it)), [2300, 1300, 300]);
        let wide = Axis::new(i64::MIN, i64::MAX, 0, 1000);
        assert_eq!([i64::MIN, i64::MAX].map(|it| wide.place(it)), [0, 1000]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(decimal(2_500_000, 1_000_000), "2.5");
        assert_eq!(decimal(-500_000_000, 1_000_000_000), "-0.5");
        assert_eq!(decimal(3_000, 1_000), "3");
        assert_eq!([-15, 0, 20].map(pixels), ["-1.5", "0", "2"]);
    }
}
