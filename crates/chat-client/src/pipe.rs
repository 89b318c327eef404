//! A stream that is read and written at once, by one task.

use std::io;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf,
};
use tokio::time::Instant;

/// How many octets may wait before no more are asked for.
const ENOUGH: usize = 64 * 1024;

/// A stream and what waits to be written to it.
///
/// Reading never waits for writing, nor writing for reading: a peer that does one of them slowly
/// cannot block the other.
#[derive(Debug)]
pub(crate) struct Pipe<S> {
    reader: ReadHalf<S>,
    // None once writing failed; what the peer said before that can still be read.
    writer: Option<WriteHalf<S>>,
    waiting: Vec<u8>,
    written: usize,
    // The writer may hold back what it was given, as TLS does.
    unflushed: bool,
    heard: Instant,
}

impl<S: AsyncRead + AsyncWrite> Pipe<S> {
    pub(crate) fn new(stream: S) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader,
            writer: Some(writer),
            waiting: Vec::new(),
            written: 0,
            unflushed: false,
            heard: Instant::now(),
        }
    }

    /// Puts octets behind those that wait.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        if self.writer.is_some() {
            self.waiting.extend_from_slice(octets);
        }
    }

    /// Whether more may be pushed; answers to the peer may at any time, up to 16 times as much.
    pub(crate) fn has_room(&self) -> bool {
        self.backlog() < ENOUGH
    }

    /// Whether the peer asks for answers without reading them.
    pub(crate) fn is_flooded(&self) -> bool {
        self.backlog() >= ENOUGH * 16
    }

    /// Whether all was written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.waiting.is_empty() && !self.unflushed
    }

    /// When the last octets came.
    pub(crate) fn heard(&self) -> Instant {
        self.heard
    }

    /// Reads some octets, and writes what waits in the meantime. 0: the peer has ended.
    ///
    /// Cancelling it loses nothing.
    pub(crate) async fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = self.waiting.get(self.written..).unwrap_or_default();
            let flushing = ready.is_empty();
            let write = async {
                match &mut self.writer {
                    Some(writer) if !flushing => writer.write(ready).await,
                    Some(writer) if self.unflushed => writer.flush().await.map(|()| 0),
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                read = self.reader.read(chunk) => {
                    self.heard = Instant::now();
                    return read;
                }
                written = write => {
                    self.unflushed = !flushing;
                    if !flushing || written.is_err() {
                        self.note(&written);
                    }
                }
            }
        }
    }

    /// Ends writing: the peer reads to the end and then learns of it.
    pub(crate) async fn shutdown(&mut self) {
        if let Some(writer) = &mut self.writer {
            // The peer may be gone: then it knows already.
            let _ended = writer.shutdown().await;
        }
    }

    fn backlog(&self) -> usize {
        self.waiting.len().saturating_sub(self.written)
    }

    fn note(&mut self, written: &io::Result<usize>) {
        match written {
            Ok(count) if *count > 0 => {
                self.written += count;
                if self.written >= self.waiting.len() {
                    self.waiting.clear();
                    self.written = 0;
                } else if self.written >= ENOUGH {
                    self.waiting.drain(..self.written);
                    self.written = 0;
                }
            }
            _ => {
                self.writer = None;
                self.waiting = Vec::new();
                self.written = 0;
                self.unflushed = false;
            }
        }
    }
}
