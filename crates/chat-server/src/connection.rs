//! One client's octets: read, cut into frames, and waited for together with what is to be written.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use chat_proto::{Command, CommandError, EndCode, FrameDecoder, FrameError};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::outbox::{Drained, Outbox};

/// Octets that one read takes at most.
const READ: usize = 8192;

/// A client's connection, seen from its own task.
///
/// It owns no buffer while nothing arrives.
pub(crate) struct Connection<R> {
    pub(crate) outbox: Arc<Outbox>,
    /// When the client last sent anything.
    pub(crate) heard: Instant,
    reader: R,
    decoder: FrameDecoder,
    input: Vec<u8>,
    taken: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

/// What a wait ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Octets arrived.
    Read,
    /// The timer went off.
    Timer,
}

impl<R: AsyncRead + Unpin> Connection<R> {
    pub(crate) fn new(reader: R, outbox: Arc<Outbox>) -> Self {
        Self {
            outbox,
            heard: Instant::now(),
            reader,
            decoder: FrameDecoder::new(),
            input: Vec::new(),
            taken: 0,
            pause: None,
        }
    }

    /// The next command among the octets that arrived, or why its line is none; `None` if more
    /// must arrive first.
    ///
    /// # Errors
    /// [`EndCode::FrameTooLong`]: nothing more can be read.
    pub(crate) fn next_command(
        &mut self,
    ) -> Result<Option<Result<Command, CommandError>>, EndCode> {
        let mut rest = self.input.get(self.taken..).unwrap_or_default();
        let command = match self.decoder.pull(&mut rest) {
            Ok(frame) => frame.map(Command::parse),
            Err(FrameError::TooLong { .. } | _) => return Err(EndCode::FrameTooLong),
        };
        self.taken = self.input.len().saturating_sub(rest.len());
        if command.is_none() {
            self.input = Vec::new();
            self.taken = 0;
        }
        Ok(command)
    }

    /// The octets that arrived and were not yet taken.
    pub(crate) fn peek(&self) -> &[u8] {
        self.input.get(self.taken..).unwrap_or_default()
    }

    /// All octets that arrived and were not yet taken.
    pub(crate) fn take_octets(&mut self) -> Vec<u8> {
        let octets = self.peek().to_vec();
        self.input = Vec::new();
        self.taken = 0;
        octets
    }

    /// Waits for octets (unless `read` is false), for the timer, and for the connection's end;
    /// meanwhile writes what the outbox holds.
    ///
    /// # Errors
    /// Why the connection ends: the room said so, or it broke.
    pub(crate) async fn wait(
        &mut self,
        read: bool,
        mut timer: Option<Pin<&mut Sleep>>,
    ) -> Result<Wake, EndCode> {
        poll_fn(|cx| {
            self.poll_outbox(cx)?;
            if read && let Poll::Ready(wake) = self.poll_read(cx) {
                return Poll::Ready(wake);
            }
            if let Some(timer) = timer.as_mut()
                && timer.as_mut().poll(cx).is_ready()
            {
                return Poll::Ready(Ok(Wake::Timer));
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for octets.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(crate) async fn read(&mut self) -> Result<(), EndCode> {
        self.wait(true, None).await.map(|_| ())
    }

    /// Lets time pass; reads nothing meanwhile.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(crate) async fn sleep_until(&mut self, until: Instant) -> Result<(), EndCode> {
        let timer = pin!(sleep_until(until));
        self.wait(false, Some(timer)).await.map(|_| ())
    }

    /// Says the last word and closes, so that the client can read it: a socket that is closed
    /// while octets lie unread is reset, and the last word with it.
    pub(crate) async fn close(mut self, until: Instant) {
        let closing = async {
            let written = poll_fn(|cx| self.outbox.poll_close(cx)).await;
            if written.is_err() {
                return;
            }
            // As many octets as a client may still have on the way.
            for _ in 0..256 {
                self.input = Vec::new();
                match poll_fn(|cx| self.poll_read(cx)).await {
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        };
        // Whether the client took it or not, it is over.
        let _in_time = tokio::time::timeout_at(until, closing).await;
    }

    fn poll_outbox(&mut self, cx: &mut Context<'_>) -> Result<(), EndCode> {
        loop {
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(cx).is_pending() {
                    return self.outbox.ending().map_or(Ok(()), Err);
                }
                self.pause = None;
            }
            match self.outbox.poll_drain(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Drained::Ending(code)) => return Err(code),
                Poll::Ready(Drained::Failed) => return Err(EndCode::Lost),
                Poll::Ready(Drained::Pause(until)) => {
                    self.pause = Some(Box::pin(sleep_until(until)));
                }
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Wake, EndCode>> {
        let mut space = [const { MaybeUninit::uninit() }; READ];
        let mut buffer = ReadBuf::uninit(&mut space);
        match Pin::new(&mut self.reader).poll_read(cx, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                if self.peek().is_empty() {
                    self.input = buffer.filled().to_vec();
                    self.taken = 0;
                } else {
                    self.input.extend_from_slice(buffer.filled());
                }
                self.heard = Instant::now();
                Poll::Ready(Ok(Wake::Read))
            }
            Poll::Ready(_) => Poll::Ready(Err(EndCode::Lost)),
        }
    }
}
