//! A progress bar on standard error, for inputs that take a while.

use std::io::{self, IsTerminal};

use chatpcap::report::safe;
use indicatif::{ProgressBar, ProgressStyle};

/// Files shorter than this are read before a bar could be seen.
const SHORTEST: u64 = 64 << 20;

/// How far the reading of one capture is; silent where standard error is no terminal.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Progress through a capture of this many octets, or of unknown length.
    pub(super) fn new(name: &str, octets: Option<u64>) -> Self {
        let is_short = octets.is_some_and(|octets| octets < SHORTEST);
        if is_short || !io::stderr().is_terminal() {
            return Self(None);
        }
        let (bar, template) = match octets {
            Some(octets) => (
                ProgressBar::new(octets),
                "{prefix} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            ),
            None => (
                ProgressBar::new_spinner(),
                "{prefix} {spinner} {bytes} {bytes_per_sec}",
            ),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(safe(name));
        Self(Some(bar))
    }

    /// So many octets have been read.
    pub(super) fn set(&mut self, octets: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(octets);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// How many of so many things are done; silent where standard error is no terminal.
pub(super) struct Count(Option<ProgressBar>);

impl Count {
    /// Progress through `count` things.
    pub(super) fn new(what: &'static str, count: usize) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:40}] {pos}/{len} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what);
        Self(Some(bar))
    }

    /// One more is done.
    pub(super) fn add(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
