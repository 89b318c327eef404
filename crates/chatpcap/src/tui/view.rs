//! The view: what is shown, and what keys change about it.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::detail::Line;
use super::filter_line::FilterLine;
use super::overview::FlowRow;
use super::panes::{Pane, heights};
use super::shown::Shown;
use super::window::{Packet, Request};
use super::wish::What;
use super::{Found, Key, Overview, Window, Wish};
use crate::filter::Filter;
use crate::flow::MAX_FLOWS;
use crate::report::safe;

/// Packets between the cursor and an end of the window below which the next window is asked for.
const MARGIN: u64 = super::MAX_WINDOW / 8;

/// How a view looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// With colours; without them the cursor is reversed and headings are bold.
    pub coloured: bool,
    /// Sequence numbers from each side's ISN.
    pub relative: bool,
}

/// What is shown of some captures, and where the cursors are.
#[derive(Debug)]
pub struct View {
    pub(super) look: Look,
    /// Names of the captures, safe to show, and their octets.
    pub(super) files: Vec<(String, u64)>,
    pub(super) file: usize,
    size: (u16, u16),
    pub(super) focus: Pane,
    /// Whether the pane with the focus has the screen for itself.
    pub(super) is_alone: bool,
    /// Whether a flow's packets are listed instead of drawn.
    pub(super) is_list: bool,
    pub(super) has_help: bool,
    /// The filter's text, as it was applied.
    pub(super) filter_text: String,
    filter: Option<Arc<Filter>>,
    /// The filter that is being typed.
    pub(super) typed: Option<FilterLine>,
    pub(super) overview: Option<Overview>,
    pub(super) window: Option<Window>,
    /// The flow that is chosen.
    pub(super) shown: Shown,
    /// The packet that is chosen, among those of `shown`.
    pub(super) packet: u64,
    /// The line of its detail that is chosen, and the name that stands there.
    line: (usize, &'static str),
    /// Why a capture cannot be read any more.
    pub(super) failure: Option<String>,
    wishes: u64,
    overview_wish: Option<u64>,
    window_wish: Option<(u64, Request)>,
    read: u64,
}

impl View {
    /// A view of captures, each a name and its length in octets, with a filter.
    pub fn new(files: &[(String, u64)], filter: &str, look: Look) -> Self {
        let mut view = Self {
            look,
            files: files
                .iter()
                .map(|(name, octets)| (safe(name), *octets))
                .collect(),
            file: 0,
            size: (0, 0),
            focus: Pane::Flows,
            is_alone: false,
            is_list: false,
            has_help: false,
            filter_text: String::new(),
            filter: None,
            typed: None,
            overview: None,
            window: None,
            shown: Shown::All,
            packet: 0,
            line: (0, ""),
            failure: None,
            wishes: 0,
            overview_wish: None,
            window_wish: None,
            read: 0,
        };
        if !filter.is_empty() {
            view.typed = Some(FilterLine::new(filter));
            view.apply();
        }
        view
    }

    /// The screen has so many columns and lines.
    pub const fn resize(&mut self, columns: u16, lines: u16) {
        self.size = (columns, lines);
    }

    /// A key was pressed. Breaks off where the user is done.
    pub fn key(&mut self, key: Key) -> ControlFlow<()> {
        if self.has_help {
            self.has_help = false;
            return ControlFlow::Continue(());
        }
        if let Some(line) = &mut self.typed {
            match key {
                Key::Enter => self.apply(),
                Key::Escape => self.typed = None,
                _ => line.key(key),
            }
            return ControlFlow::Continue(());
        }
        match key {
            Key::Char('q') => return ControlFlow::Break(()),
            Key::Char('?') => self.has_help = true,
            Key::Char('/') => self.typed = Some(FilterLine::new(&self.filter_text)),
            Key::Char('c') if !self.filter_text.is_empty() => {
                self.typed = Some(FilterLine::new(""));
                self.apply();
            }
            Key::Char('v') => self.is_list = !self.is_list,
            Key::Char('z') => self.is_alone = !self.is_alone,
            Key::Char('[') => self.open(self.file.checked_sub(1)),
            Key::Char(']') => self.open(self.file.checked_add(1)),
            Key::Escape => self.is_alone = false,
            Key::Tab | Key::Right => self.focus = self.focus.next(),
            Key::BackTab | Key::Left => self.focus = self.focus.previous(),
            Key::Enter => self.enter(),
            Key::Up | Key::Char('k') => self.go(false, 1),
            Key::Down | Key::Char('j') => self.go(true, 1),
            Key::PageUp => self.go(false, self.page()),
            Key::PageDown | Key::Char(' ') => self.go(true, self.page()),
            Key::Char('p') => self.go_to_header(false),
            Key::Char('n') => self.go_to_header(true),
            Key::Home | Key::Char('g') => self.go(false, u64::MAX),
            Key::End | Key::Char('G') => self.go(true, u64::MAX),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// What the view lacks, if it lacks something that it has not asked for.
    pub fn wish(&mut self) -> Option<Wish> {
        if self.failure.is_some() {
            return None;
        }
        // The packets first: they are there at once where they stand at the file's start.
        if let Some(request) = self.wanted_window() {
            let wish = self.new_wish(What::Window(request));
            self.window_wish = Some((wish.number, request));
            return Some(wish);
        }
        if self.overview.is_none() && self.overview_wish.is_none() {
            let wish = self.new_wish(What::Overview);
            self.overview_wish = Some(wish.number);
            self.read = 0;
            return Some(wish);
        }
        None
    }

    /// A wish was fulfilled; one that is not wanted any more is passed over.
    pub fn take(&mut self, number: u64, found: Found) {
        match found {
            Found::Overview(overview) if self.overview_wish == Some(number) => {
                self.overview_wish = None;
                self.overview = Some(overview);
                if self.chosen_flow().is_none() {
                    self.choose(Shown::All);
                }
            }
            Found::Window(window)
                if self.window_wish.is_some_and(|(wanted, _)| wanted == number) =>
            {
                self.window_wish = None;
                if let Some(total) = window.total {
                    self.packet = self.packet.min(total.saturating_sub(1));
                }
                self.window = Some(window);
            }
            _ => {}
        }
    }

    /// The file cannot be read (any more).
    pub fn fail(&mut self, number: u64, text: &str) {
        let is_wanted = self.overview_wish == Some(number)
            || self.window_wish.is_some_and(|(wish, _)| wish == number);
        if is_wanted {
            self.failure = Some(safe(text));
            (self.overview_wish, self.window_wish) = (None, None);
        }
    }

    /// So many octets of the file have been read for a wish.
    pub fn progress(&mut self, number: u64, octets: u64) {
        if self.overview_wish == Some(number) {
            self.read = octets;
        }
    }

    /// How much of the file has been read for the overview, in per cent, while it is being read.
    pub(super) fn percent(&self) -> Option<u64> {
        self.overview_wish?;
        let (_, octets) = self.files.get(self.file)?;
        self.read.saturating_mul(100).checked_div(*octets)
    }

    /// The lines of the flows pane: all packets, then each flow.
    pub(super) fn flows(&self) -> &[FlowRow] {
        self.overview
            .as_ref()
            .map_or(&[], |overview| &overview.flows)
    }

    /// Which line of the flows pane is chosen; `None` where the flow is not there.
    pub(super) fn chosen_flow(&self) -> Option<usize> {
        if self.shown == Shown::All {
            return Some(0);
        }
        let found = self
            .flows()
            .binary_search_by_key(&self.shown, |row| row.flow);
        found.ok().map(|place| place + 1)
    }

    /// How many packets are shown, as far as it is known.
    pub(super) fn total(&self) -> u64 {
        let window = self.current_window();
        let counted = window.and_then(|window| window.total);
        let told = || {
            let overview = self.overview.as_ref()?;
            match self.chosen_flow()?.checked_sub(1) {
                None => Some(overview.selected),
                Some(place) => overview.flows.get(place).map(|row| row.packets),
            }
        };
        let end = window.map_or(0, Window::end);
        counted.or_else(told).unwrap_or(0).max(end)
    }

    /// The window, where it is of the packets that are shown.
    pub(super) fn current_window(&self) -> Option<&Window> {
        let window = self.window.as_ref()?;
        (window.request.shown == self.shown).then_some(window)
    }

    /// The packet that is chosen, if it is there already.
    pub(super) fn chosen_packet(&self) -> Option<&Packet> {
        self.current_window()?.get(self.packet)
    }

    /// The line of the detail that is chosen: of the same name as in the packet before, else the
    /// innermost header.
    pub(super) fn chosen_line(&self) -> usize {
        let lines = self.lines();
        let (place, name) = self.line;
        if lines.get(place).is_some_and(|line| line.name == name) {
            return place;
        }
        let same = lines.iter().position(|line| line.name == name);
        let innermost = || lines.iter().rposition(|line| line.is_header);
        same.or_else(innermost).unwrap_or(0)
    }

    fn new_wish(&mut self, what: What) -> Wish {
        self.wishes += 1;
        Wish {
            number: self.wishes,
            file: self.file,
            filter: self.filter.clone(),
            what,
            max_flows: MAX_FLOWS,
        }
    }

    /// The window that is to be asked for, if there is one.
    fn wanted_window(&self) -> Option<Request> {
        let total = self.overview.is_some().then(|| self.total());
        let request = Request {
            shown: self.shown,
            around: self.packet,
            // The packets of a flow end with its last; of all packets the file's end is as good.
            total: total.filter(|_| self.shown != Shown::All),
            relative: self.look.relative,
        };
        if let Some((_, asked)) = &self.window_wish {
            let is_near = asked.around.abs_diff(self.packet) < MARGIN;
            return (asked.shown != self.shown || !is_near).then_some(request);
        }
        let Some(window) = self.current_window() else {
            return Some(request);
        };
        let has_before = window.first == 0 || self.packet >= window.first.saturating_add(MARGIN);
        let has_behind =
            window.total.is_some() || self.packet.saturating_add(MARGIN) < window.end();
        let is_fine = (has_before && has_behind) || window.request.around == self.packet;
        (!is_fine).then_some(request)
    }

    /// Another flow's packets, from the first on.
    fn choose(&mut self, shown: Shown) {
        if shown != self.shown {
            self.shown = shown;
            self.packet = 0;
            self.window = None;
        }
    }

    /// Tries what was typed as a filter: applied where it is one, else what is wrong is shown and the old
    /// one stays.
    fn apply(&mut self) {
        let Some(line) = &mut self.typed else {
            return;
        };
        let text = line.text();
        match Filter::new(&text) {
            Ok(filter) => {
                let is_empty = text.trim().is_empty();
                self.filter = (!is_empty).then(|| Arc::new(filter));
                text.trim().clone_into(&mut self.filter_text);
                self.typed = None;
                self.forget();
            }
            Err(error) => line.error = Some(error),
        }
    }

    /// All is to be read again, the chosen flow stays.
    fn forget(&mut self) {
        self.overview = None;
        self.window = None;
        self.overview_wish = None;
        self.window_wish = None;
        self.failure = None;
        self.packet = 0;
    }

    fn open(&mut self, file: Option<usize>) {
        if let Some(file) = file.filter(|file| *file < self.files.len()) {
            self.file = file;
            self.choose(Shown::All);
            self.forget();
        }
    }

    fn enter(&mut self) {
        match self.focus {
            Pane::Flows => {
                if let Some(filter) = self.shown.filter() {
                    self.typed = Some(FilterLine::new(&joined(&self.filter_text, &filter)));
                    self.apply();
                }
            }
            Pane::Packets => self.focus = Pane::Detail,
            Pane::Detail => {
                let line = self.lines().get(self.chosen_line());
                let test = line.and_then(Line::filter);
                if let Some(test) = test {
                    self.typed = Some(FilterLine::new(&joined(&self.filter_text, &test)));
                }
            }
        }
    }

    /// Lines of the pane with the focus.
    fn page(&self) -> u64 {
        let alone = self.is_alone.then_some(self.focus);
        let heights = heights(self.size.1, alone);
        let own = heights.iter().find(|(pane, _)| *pane == self.focus);
        let lines = own.map_or(0, |(_, lines)| *lines);
        u64::from(lines.saturating_sub(1).max(1))
    }

    /// Moves the cursor of the pane with the focus.
    fn go(&mut self, down: bool, steps: u64) {
        let moved = |at: u64, count: u64| {
            let to = if down {
                at.saturating_add(steps)
            } else {
                at.saturating_sub(steps)
            };
            to.min(count.saturating_sub(1))
        };
        let moved_to = |at: usize, count: usize| {
            let [at, count] = [at, count].map(|number| u64::try_from(number).unwrap_or(u64::MAX));
            usize::try_from(moved(at, count)).unwrap_or(0)
        };
        match self.focus {
            Pane::Flows => {
                let at = self.chosen_flow().unwrap_or(0);
                let to = moved_to(at, self.flows().len() + 1);
                let row = to.checked_sub(1).and_then(|place| self.flows().get(place));
                self.choose(row.map_or(Shown::All, |row| row.flow));
            }
            Pane::Packets => self.packet = moved(self.packet, self.total()),
            Pane::Detail => {
                let lines = self.lines();
                let to = moved_to(self.chosen_line(), lines.len());
                self.line = (to, lines.get(to).map_or("", |line| line.name));
            }
        }
    }

    /// Moves the cursor of the detail to the next header, or to the one before.
    fn go_to_header(&mut self, down: bool) {
        let at = self.chosen_line();
        let lines = self.lines();
        let is_header = |place: &usize| lines.get(*place).is_some_and(|line| line.is_header);
        let to = if down {
            (at + 1..lines.len()).find(is_header)
        } else {
            (0..at).rev().find(is_header)
        };
        if let Some(to) = to {
            self.line = (to, lines.get(to).map_or("", |line| line.name));
        }
    }

    /// The lines of the chosen packet's detail.
    fn lines(&self) -> &[Line] {
        let packet = self.chosen_packet();
        packet.map_or(&[], |packet| &packet.detail.lines)
    }
}

/// Two filters, both of which are to hold.
fn joined(one: &str, other: &str) -> String {
    if one.is_empty() || one.ends_with(other) {
        return if one.is_empty() { other } else { one }.to_owned();
    }
    let needs_parentheses = one.contains("||") || one.contains(" or ");
    if needs_parentheses {
        format!("({one}) && {other}")
    } else {
        format!("{one} && {other}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let files = [("one".to_owned(), 100), ("two".to_owned(), 100)];
        View::new(&files, "", Look::default())
    }

    #[test]
    fn filters_are_joined() {
        for (one, other, joined) in [
            ("", "tcp.stream == 1", "tcp.stream == 1"),
            ("tcp.stream == 1", "tcp.stream == 1", "tcp.stream == 1"),
            (
                "tcp.stream == 12",
                "tcp.stream == 1",
                "tcp.stream == 12 && tcp.stream == 1",
            ),
            ("dns or arp", "ip", "(dns or arp) && ip"),
            ("dns||arp", "ip", "(dns||arp) && ip"),
        ] {
            assert_eq!(super::joined(one, other), joined);
        }
    }

    #[test]
    fn what_is_lacking_is_asked_for_once() {
        let mut view = view();
        let wishes = std::iter::from_fn(|| view.wish());
        let wishes: Vec<_> = wishes.map(|wish| wish.is_for_packets()).collect();
        assert_eq!(wishes, [true, false]);
        // A filter makes both stale, a wrong one does not.
        for (text, expected) in [("tcp.", 0), ("tcp", 2)] {
            let _ = view.key(Key::Char('/'));
            for character in text.chars() {
                let _ = view.key(Key::Char(character));
            }
            let _ = view.key(Key::Enter);
            let _ = view.key(Key::Escape);
            assert_eq!(
                std::iter::from_fn(|| view.wish()).count(),
                expected,
                "{text}"
            );
        }
        // So does another capture.
        let _ = view.key(Key::Char(']'));
        let wishes: Vec<_> = std::iter::from_fn(|| view.wish()).collect();
        assert_eq!(
            wishes.iter().map(|wish| wish.file).collect::<Vec<_>>(),
            [1, 1]
        );
        // What cannot be read is not asked for again until something changes.
        view.fail(wishes[1].number, "gone\u{1b}");
        assert_eq!(view.failure.as_deref(), Some("gone\\u{1b}"));
        assert!(view.wish().is_none());
        let _ = view.key(Key::Char('['));
        assert!(view.wish().is_some());
    }

    #[test]
    fn what_is_not_wanted_any_more_is_passed_over() {
        let mut view = view();
        let stale: Vec<_> = std::iter::from_fn(|| view.wish()).collect();
        let _ = view.key(Key::Char(']'));
        assert_eq!(std::iter::from_fn(|| view.wish()).count(), 2);
        for wish in stale {
            view.fail(wish.number, "too late");
            view.progress(wish.number, 50);
        }
        assert_eq!((view.failure.as_deref(), view.percent()), (None, Some(0)));
    }

    #[test]
    fn keys_move_the_focus() {
        let mut view = view();
        for (key, focus) in [
            (Key::Tab, Pane::Packets),
            (Key::Enter, Pane::Detail),
            (Key::Tab, Pane::Flows),
            (Key::BackTab, Pane::Detail),
            (Key::Left, Pane::Packets),
        ] {
            assert!(view.key(key).is_continue());
            assert_eq!(view.focus, focus);
        }
        assert!(view.key(Key::Char('q')).is_break());
    }
}
