//! Commands into a stream and events out of it.

use chat_proto::{Command, Event as Said, EventError, FrameDecoder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::end::EndReason;
use crate::pipe::Pipe;

/// How much is read at once, in octets.
const CHUNK: usize = 8192;

/// A stream of frames in both directions.
pub(super) struct Wire<S> {
    pipe: Pipe<S>,
    decoder: FrameDecoder,
    chunk: Box<[u8]>,
    // What of the chunk was read and not yet decoded.
    begin: usize,
    end: usize,
    // Whether a frame was understood: then the peer is a server.
    known: bool,
}

impl<S: AsyncRead + AsyncWrite> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            pipe: Pipe::new(stream),
            decoder: FrameDecoder::new(),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            begin: 0,
            end: 0,
            known: false,
        }
    }

    /// Puts a command behind those that wait to be written; [`next`](Self::next) writes them.
    pub(super) fn send(&mut self, command: &Command) -> Result<(), EndReason> {
        self.pipe.push(&command.encode()?);
        if self.pipe.is_flooded() {
            return Err(EndReason::NotAServer {
                reason: "it asks for answers that it does not read".to_owned(),
                lab: false,
            });
        }
        Ok(())
    }

    pub(super) fn has_room(&self) -> bool {
        self.pipe.has_room()
    }

    pub(super) fn heard(&self) -> Instant {
        self.pipe.heard()
    }

    /// The next event; those of a later version are passed over. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Said, EndReason> {
        loop {
            let mut input = self.chunk.get(self.begin..self.end).unwrap_or_default();
            let parsed = self
                .decoder
                .pull(&mut input)
                .map(|frame| frame.map(|frame| (Said::parse(frame), frame.starts_with(b"!"))));
            let left = input.len();
            self.begin = self.end.saturating_sub(left);
            match parsed {
                Ok(Some((Ok(said), _))) => {
                    self.known = true;
                    return Ok(said);
                }
                Ok(Some((Err(EventError::Unknown), _))) => {}
                Ok(Some((Err(error), lab))) => return Err(self.foreign(error.to_string(), lab)),
                // A lab server's roster has no end: it only is too long in the end.
                Err(error) if self.known => return Err(error.into()),
                Err(error) => return Err(self.foreign(error.to_string(), false)),
                Ok(None) => self.fill().await?,
            }
        }
    }

    async fn fill(&mut self) -> Result<(), EndReason> {
        let read = self.pipe.read(&mut self.chunk).await;
        let count = read.map_err(EndReason::Broken)?;
        if count == 0 {
            return Err(EndReason::Closed);
        }
        let first = self.chunk.first().copied();
        if !self.known && self.chunk.get(..count).is_some_and(is_alert) {
            return Err(EndReason::SpeaksTls);
        }
        if !self.known && !self.decoder.is_mid_frame() && first != Some(b'{') {
            let lab = first == Some(b'!');
            return Err(self.foreign("it does not speak JSON".to_owned(), lab));
        }
        (self.begin, self.end) = (0, count);
        Ok(())
    }

    /// Ends writing, for the peer to know that nothing was cut off.
    pub(super) async fn close(&mut self) {
        self.pipe.shutdown().await;
    }

    fn foreign(&self, reason: String, lab: bool) -> EndReason {
        let lab = lab && !self.known;
        EndReason::NotAServer { reason, lab }
    }
}

/// Whether octets begin as a TLS alert does, with which a server answers what is no TLS.
fn is_alert(octets: &[u8]) -> bool {
    octets.starts_with(&[0x15, 3])
}
