//! What waits to be written to one client.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use chat_proto::{EndCode, Event};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

/// What waits to be written to one client, and the socket that it is written to.
///
/// Whoever has something to say pushes it. As long as nothing waits, a push writes to the socket
/// at once, without waking anybody: the room, which says the same to a thousand clients, pays one
/// system call for each and no more. What the socket does not take waits here, within limits, and
/// the client's own task writes it when the socket is ready. Nobody who pushes ever waits.
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
}

struct Inner {
    writer: Pin<Box<dyn AsyncWrite + Send>>,
    queue: VecDeque<Chunk>,
    octets: usize,
    frames: usize,
    limits: OutboxLimits,
    pace: Option<Pace>,
    // The client's task, if it waits for something to write.
    waker: Option<Waker>,
    // Part of the first chunk was written: it cannot be taken back.
    begun: bool,
    // The writer took octets that its socket has not taken, as TLS does: the client's task waits for
    // the socket, and nobody else may ask it meanwhile.
    unflushed: bool,
    end: Option<EndCode>,
}

/// Octets that are written together, with as many frames as they hold.
struct Chunk {
    octets: Bytes,
    frames: usize,
    alone: bool,
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxLimits {
    pub(crate) frames: usize,
    pub(crate) octets: usize,
}

/// Keeps a roster for a lab client apart from what is written before and after it.
struct Pace {
    gap: Duration,
    last_write: Option<Instant>,
    last_alone: bool,
}

/// The client reads too slowly: its outbox would exceed its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

/// Why writing stopped.
#[derive(Debug)]
pub(crate) enum Drained {
    /// The connection is to end.
    Ending(EndCode),
    /// A lab client needs a pause until then.
    Pause(Instant),
    /// The socket failed.
    Failed,
}

impl Outbox {
    pub(crate) fn new(writer: Pin<Box<dyn AsyncWrite + Send>>, limits: OutboxLimits) -> Self {
        let inner = Inner {
            writer,
            queue: VecDeque::new(),
            octets: 0,
            frames: 0,
            limits,
            pace: None,
            waker: None,
            begun: false,
            unflushed: false,
            end: None,
        };
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// From now on the client is one of the lab's, and rosters are written apart.
    pub(crate) fn pace(&self, gap: Duration) {
        self.lock().pace = Some(Pace {
            gap,
            last_write: None,
            last_alone: false,
        });
    }

    /// Says something: writes it now or lets it wait.
    pub(crate) fn push(&self, octets: Bytes, frames: usize) -> Result<(), Overflow> {
        self.lock().push(Chunk {
            octets,
            frames,
            alone: false,
        })
    }

    /// Says a roster to a lab client: nothing else is written close to it.
    pub(crate) fn push_alone(&self, octets: Bytes) -> Result<(), Overflow> {
        let mut inner = self.lock();
        inner.drop_waiting_rosters();
        inner.push(Chunk {
            octets,
            frames: 1,
            alone: true,
        })
    }

    /// Says one event.
    pub(crate) fn say(&self, event: &Event) -> Result<(), Overflow> {
        match event.encode() {
            Ok(octets) => self.push(octets.into(), 1),
            Err(error) => {
                tracing::error!(%error, "an event does not fit a frame");
                Ok(())
            }
        }
    }

    /// Ends the connection: what waits is dropped, the last word is said after the frame that was
    /// begun. Only the first call counts.
    pub(crate) fn end(&self, code: EndCode, last_word: Vec<u8>) {
        let mut inner = self.lock();
        if inner.end.is_some() {
            return;
        }
        inner.end = Some(code);
        // A reader too slow for what waits will not read it now; all others are told everything.
        if code == EndCode::TooSlow {
            inner.keep_begun_frame();
        }
        inner.queue.push_back(Chunk {
            octets: last_word.into(),
            frames: 1,
            alone: false,
        });
        inner.wake();
    }

    /// Why the connection is to end, if it is.
    pub(crate) fn ending(&self) -> Option<EndCode> {
        self.lock().end
    }

    /// Writes what waits, for the client's task; `Pending` while there is nothing to write or the
    /// socket takes nothing.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<Drained> {
        let mut inner = self.lock();
        if let Some(code) = inner.end {
            return Poll::Ready(Drained::Ending(code));
        }
        if inner.unflushed || !inner.queue.is_empty() {
            match inner.poll_write_queue(cx) {
                Poll::Ready(Ok(None)) | Poll::Pending => {}
                Poll::Ready(Ok(Some(until))) => return Poll::Ready(Drained::Pause(until)),
                Poll::Ready(Err(_)) => return Poll::Ready(Drained::Failed),
            }
        }
        if inner
            .waker
            .as_ref()
            .is_none_or(|waker| !waker.will_wake(cx.waker()))
        {
            inner.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Writes all that waits and closes the sending side; lab clients get no pauses any more.
    pub(crate) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        inner.pace = None;
        match inner.poll_write_queue(cx) {
            Poll::Ready(Ok(_)) => inner.writer.as_mut().poll_shutdown(cx),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics; were it otherwise, the octets would still be in order.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn push(&mut self, mut chunk: Chunk) -> Result<(), Overflow> {
        if self.end.is_some() || chunk.octets.is_empty() {
            return Ok(());
        }
        if self.queue.is_empty() && self.pace.is_none() && !self.unflushed {
            // With a waker that wakes nobody: if the socket is full, the client's task is woken
            // below and asks the socket itself.
            let mut cx = Context::from_waker(Waker::noop());
            match self.writer.as_mut().poll_write(&mut cx, &chunk.octets) {
                Poll::Ready(Ok(written)) if written >= chunk.octets.len() => {
                    if self.writer.as_mut().poll_flush(&mut cx).is_pending() {
                        self.unflushed = true;
                        self.wake();
                    }
                    return Ok(());
                }
                Poll::Ready(Ok(written)) => {
                    chunk.octets.advance(written);
                    self.begun = written > 0;
                }
                // The reading side will see that the connection is gone.
                Poll::Ready(Err(_)) => return Ok(()),
                Poll::Pending => {}
            }
            self.wake();
        }
        let octets = self.octets.saturating_add(chunk.octets.len());
        let frames = self.frames.saturating_add(chunk.frames);
        let fits = octets <= self.limits.octets && frames <= self.limits.frames;
        // What was begun must wait in any case, or half a frame would be all that arrives.
        let must = self.begun && self.queue.is_empty();
        if !(fits || must) {
            return Err(Overflow);
        }
        self.octets = octets;
        self.frames = frames;
        self.queue.push_back(chunk);
        if self.pace.is_some() {
            self.wake();
        }
        if fits { Ok(()) } else { Err(Overflow) }
    }

    /// Writes the queue, and what the writer holds back, as far as the socket takes it; many chunks in
    /// one call.
    fn poll_write_queue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Instant>>> {
        while let Some(front) = self.queue.front() {
            if let Some(pace) = &self.pace
                && let Some(until) = pace.must_wait(front.alone)
            {
                return Poll::Ready(Ok(Some(until)));
            }
            let alone = front.alone;
            let same = self.queue.iter().take_while(|chunk| chunk.alone == alone);
            let slices: Vec<io::IoSlice<'_>> = same
                .take(if alone { 1 } else { 64 })
                .map(|chunk| io::IoSlice::new(&chunk.octets))
                .collect();
            let written = match self.writer.as_mut().poll_write_vectored(cx, &slices) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                Poll::Ready(Ok(written)) => written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            };
            self.advance(written);
            if let Some(pace) = &mut self.pace {
                pace.last_write = Some(Instant::now());
                pace.last_alone = alone;
            }
        }
        // An idle client keeps no queue.
        self.queue = VecDeque::new();
        self.octets = 0;
        self.frames = 0;
        let flushed = self.writer.as_mut().poll_flush(cx);
        self.unflushed = flushed.is_pending();
        flushed.map_ok(|()| None)
    }

    fn advance(&mut self, mut written: usize) {
        self.octets = self.octets.saturating_sub(written);
        while let Some(front) = self.queue.front_mut() {
            if written < front.octets.len() {
                front.octets.advance(written);
                self.begun = self.begun || written > 0;
                return;
            }
            written = written.saturating_sub(front.octets.len());
            self.frames = self.frames.saturating_sub(front.frames);
            self.queue.pop_front();
            self.begun = false;
        }
    }

    /// Drops rosters that wait whole: a newer one is to be said.
    fn drop_waiting_rosters(&mut self) {
        let mut keep_first = self.begun;
        self.queue
            .retain(|chunk| std::mem::take(&mut keep_first) || !chunk.alone);
        self.octets = self.queue.iter().map(|chunk| chunk.octets.len()).sum();
        self.frames = self.queue.iter().map(|chunk| chunk.frames).sum();
    }

    /// Drops all that waits but the rest of the frame whose beginning was written.
    fn keep_begun_frame(&mut self) {
        let begun = if self.begun {
            self.queue.pop_front()
        } else {
            None
        };
        self.queue.clear();
        if let Some(mut chunk) = begun {
            if let Some(end) = chunk.octets.iter().position(|octet| *octet == b'\n') {
                chunk.octets.truncate(end.saturating_add(1));
            }
            self.queue.push_back(chunk);
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Pace {
    /// Until when the next write must wait: a roster is kept from what is before and after it.
    fn must_wait(&self, alone: bool) -> Option<Instant> {
        let until = self.last_write?.checked_add(self.gap)?;
        ((alone || self.last_alone) && Instant::now() < until).then_some(until)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("Outbox")
            .field("octets", &inner.octets)
            .field("frames", &inner.frames)
            .field("end", &inner.end)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Takes all, as TLS does, and hands it on only while its socket has room.
    #[derive(Debug, Default)]
    struct Holding {
        held: usize,
        sent: usize,
        room: usize,
        // How often it was asked to write or flush.
        asked: usize,
    }

    #[derive(Debug, Clone, Default)]
    struct Writer(Arc<Mutex<Holding>>);

    impl AsyncWrite for Writer {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            octets: &[u8],
        ) -> Poll<io::Result<usize>> {
            let mut holding = self.0.lock().unwrap();
            holding.asked += 1;
            holding.held += octets.len();
            Poll::Ready(Ok(octets.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            let mut holding = self.0.lock().unwrap();
            holding.asked += 1;
            let sent = holding.held.min(holding.room);
            holding.room -= sent;
            holding.held -= sent;
            holding.sent += sent;
            match holding.held {
                0 => Poll::Ready(Ok(())),
                _ => Poll::Pending,
            }
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_a_writer_holds_back_is_the_clients_task_to_send() {
        let writer = Writer::default();
        let limits = OutboxLimits {
            frames: 10,
            octets: 100,
        };
        let outbox = Outbox::new(Box::pin(writer.clone()), limits);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let state = || {
            let holding = writer.0.lock().unwrap();
            (holding.held, holding.sent)
        };
        let push = |octets: &'static [u8]| outbox.push(Bytes::from_static(octets), 1);
        assert!(outbox.poll_drain(&mut cx).is_pending());

        writer.0.lock().unwrap().room = 4;
        assert_eq!(push(b"0123456789"), Ok(()));
        assert_eq!(state(), (6, 4));
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        // Nobody asks the socket meanwhile: it would wake whoever asked last.
        let asked = writer.0.lock().unwrap().asked;
        assert_eq!(push(b"abc"), Ok(()));
        assert_eq!(push(&[b'x'; 100]), Err(Overflow));
        assert_eq!(writer.0.lock().unwrap().asked, asked);

        writer.0.lock().unwrap().room = 8;
        assert!(outbox.poll_drain(&mut cx).is_pending());
        assert_eq!(state(), (1, 12));
        writer.0.lock().unwrap().room = 100;
        assert!(outbox.poll_drain(&mut cx).is_pending());
        assert_eq!(state(), (0, 13));
        // Written at once again.
        assert_eq!(push(b"def"), Ok(()));
        assert_eq!(state(), (0, 16));
    }
}
