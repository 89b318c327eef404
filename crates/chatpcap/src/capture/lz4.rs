//! LZ4 frames, one after the other.

use std::io::{self, BufReader, Read};

use lz4_flex::frame::FrameDecoder;

use super::input::Input;

/// Decodes LZ4 frames until the input ends.
///
/// `lz4_flex` takes an input that is cut between two blocks for a complete one, and returns 0 at the end of each
/// frame. Whether the input had ended when it did so tells the two apart.
pub(super) struct Lz4Decoder {
    /// `None` only while a frame's decoder is exchanged for the next one's.
    decoder: Option<FrameDecoder<BufReader<Input>>>,
    between_frames: bool,
}

impl Lz4Decoder {
    pub(super) fn new(input: BufReader<Input>) -> Self {
        Self {
            decoder: Some(FrameDecoder::new(input)),
            between_frames: false,
        }
    }

    pub(super) fn get_ref(&self) -> Option<&BufReader<Input>> {
        self.decoder.as_ref().map(FrameDecoder::get_ref)
    }
}

impl Read for Lz4Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else {
                return Ok(0);
            };
            let count = decoder.read(buffer)?;
            if count > 0 {
                self.between_frames = false;
                return Ok(count);
            }
            let input = decoder.get_ref();
            if input.get_ref().ended() && input.buffer().is_empty() {
                return if self.between_frames {
                    Ok(0)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
            // A new decoder for each frame: one decoder for frames of different block sizes
            // violates what lz4_flex asserts of its buffers.
            self.between_frames = true;
            self.decoder = self
                .decoder
                .take()
                .map(|decoder| FrameDecoder::new(decoder.into_inner()));
        }
    }
}
