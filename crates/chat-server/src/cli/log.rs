//! The log: lines for standard error, of which neither too many nor unwritable ones harm the server.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait for standard error: a terminal that is stopped, a disk that is slow.
const WAITING: usize = 1024;

/// How often it is told how many lines were left out.
const TELL: Duration = Duration::from_secs(10);

/// How long the program's end waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines of who comes and goes: a thousand users may do both at once. In the long run strangers can write
/// 0.3 GB a day.
const TRAFFIC: Budget = Budget::new(2000, Duration::from_millis(50));

/// Lines of warnings and errors, which an attack must not crowd out.
const TROUBLE: Budget = Budget::new(200, Duration::from_millis(500));

/// Takes lines for a thread of its own, which may wait for standard error as long as it must.
#[derive(Debug, Clone)]
pub(super) struct Log {
    lines: SyncSender<Line>,
    left_out: Arc<AtomicU64>,
    budgets: Arc<Mutex<[Budget; 2]>>,
}

/// What the thread is sent.
#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    /// Wants to know when all before it is written.
    Flush(SyncSender<()>),
}

/// One line on its way.
#[derive(Debug)]
pub(super) struct LineWriter {
    log: Log,
    is_within: bool,
}

impl Log {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start() -> io::Result<Self> {
        let (lines, todo) = sync_channel(WAITING);
        let left_out = Arc::new(AtomicU64::new(0));
        let log = Self {
            lines,
            left_out: Arc::clone(&left_out),
            budgets: Arc::new(Mutex::new([TRAFFIC, TROUBLE])),
        };
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&todo, &left_out))?;
        Ok(log)
    }

    /// Waits until what was logged is written, but not for long.
    pub(super) fn flush(&self) {
        let (done, is_done) = sync_channel(1);
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            // Late or not, the program ends.
            let _in_time = is_done.recv_timeout(PATIENCE);
        }
    }

    fn line(&self, level: Level) -> LineWriter {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let [traffic, trouble] = &mut *budgets;
        let budget = if level <= Level::WARN {
            trouble
        } else {
            traffic
        };
        LineWriter {
            log: self.clone(),
            is_within: budget.take(Instant::now()),
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        self.line(Level::INFO)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> LineWriter {
        self.line(*meta.level())
    }
}

impl Write for LineWriter {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let line = Line::Text(octets.to_vec());
        if !self.is_within || self.log.lines.try_send(line).is_err() {
            self.log.left_out.fetch_add(1, Ordering::Relaxed);
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The thread. What cannot be written is left out; the next line may find room on the disk again.
fn write(todo: &Receiver<Line>, left_out: &AtomicU64) {
    let mut told = Instant::now();
    loop {
        match todo.recv_timeout(TELL) {
            Ok(Line::Text(octets)) => {
                if io::stderr().write_all(&octets).is_err() {
                    left_out.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Nobody waits any more if it took too long.
            Ok(Line::Flush(done)) => drop(done.try_send(())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            let lines = left_out.swap(0, Ordering::Relaxed);
            if lines > 0 {
                tracing::warn!(
                    lines,
                    "left out of the log: too many, or they could not be written"
                );
            }
        }
    }
}

/// So many lines at once, and one more in each time.
#[derive(Debug, Clone, Copy)]
struct Budget {
    left: u32,
    most: u32,
    each: Duration,
    since: Option<Instant>,
}

impl Budget {
    const fn new(most: u32, each: Duration) -> Self {
        Self {
            left: most,
            most,
            each,
            since: None,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since).as_millis();
        let more = passed.checked_div(self.each.as_millis()).unwrap_or(0);
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(self.most);
            let counted = self.each.saturating_mul(more);
            self.since = Some(since.checked_add(counted).unwrap_or(now));
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_gives_many_at_once_and_then_few() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut budget = TRAFFIC;
        let mut given = |at: Instant| (0..5000).filter(|_| budget.take(at)).count();
        assert_eq!(given(start), 2000);
        assert_eq!(given(start), 0);
        assert_eq!(given(after(70)), 1);
        assert_eq!(given(after(90)), 0);
        assert_eq!(given(after(100)), 1);
        assert_eq!(given(after(1_000_000)), 2000);
    }
}
