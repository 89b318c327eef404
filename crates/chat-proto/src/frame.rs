//! Frames: one line of the protocol, cut from and put into a stream of octets.

use serde::Serialize;

/// The longest frame, in octets, its line feed included.
pub const MAX_FRAME: usize = 8192;

/// Why a stream cannot be cut into frames any further, or a value is no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame is longer than [`MAX_FRAME`]; what follows cannot be trusted to begin a frame.
    #[error("frame is too long: at most {limit} octets with its line feed, had {had} or more")]
    TooLong {
        /// The most octets that a frame may have.
        limit: usize,
        /// How many octets there were when this was noticed.
        had: usize,
    },
    /// A value has no JSON form; no value of this crate is such a one.
    #[error("value cannot be written as JSON: {reason}")]
    Json {
        /// What the JSON writer says.
        reason: String,
    },
}

/// Cuts a stream of octets into frames, whatever pieces it arrives in.
///
/// It holds at most one unfinished frame of [`MAX_FRAME`] octets and, between frames, nothing:
/// an idle connection costs no buffer. A frame that arrives whole is lent from the input
/// without a copy.
///
/// ```
/// use chat_proto::FrameDecoder;
///
/// let mut decoder = FrameDecoder::new();
/// let mut frames = Vec::new();
/// for piece in ["{\"type\":\"qu", "it\"}\n{\"type\":\"who\"}\r\n{"] {
///     let mut input = piece.as_bytes();
///     while let Some(frame) = decoder.pull(&mut input).unwrap() {
///         frames.push(String::from_utf8_lossy(frame).into_owned());
///     }
/// }
/// assert_eq!(frames, [r#"{"type":"quit"}"#, r#"{"type":"who"}"#]);
/// assert!(decoder.is_mid_frame());
/// ```
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    lent: bool,
    failed: bool,
}

impl FrameDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next frame, without its line feed (nor a carriage return before it).
    ///
    /// `input` is what was read and not yet decoded; it is advanced past what was taken. `None`
    /// means that all of it was taken and no frame is complete: read more and call again. Empty
    /// lines are skipped.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] once a frame exceeds [`MAX_FRAME`], and from then on always.
    pub fn pull<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b [u8],
    ) -> Result<Option<&'a [u8]>, FrameError> {
        if self.lent {
            self.buffer = Vec::new();
            self.lent = false;
        }
        loop {
            if self.failed {
                return Err(too_long(MAX_FRAME.saturating_add(1)));
            }
            let Some(end) = input.iter().position(|octet| *octet == b'\n') else {
                let had = self.buffer.len().saturating_add(input.len());
                // A line feed must still fit.
                if had >= MAX_FRAME {
                    self.failed = true;
                    self.buffer = Vec::new();
                    return Err(too_long(had));
                }
                self.buffer.extend_from_slice(input);
                *input = &[];
                return Ok(None);
            };
            let (line, rest) = input.split_at(end);
            *input = rest.get(1..).unwrap_or_default();
            let had = self.buffer.len().saturating_add(line.len());
            if had >= MAX_FRAME {
                self.failed = true;
                self.buffer = Vec::new();
                return Err(too_long(had));
            }
            if self.buffer.is_empty() {
                let line = without_return(line);
                if line.is_empty() {
                    continue;
                }
                return Ok(Some(line));
            }
            self.buffer.extend_from_slice(line);
            if without_return(&self.buffer).is_empty() {
                self.buffer = Vec::new();
                continue;
            }
            self.lent = true;
            return Ok(Some(without_return(&self.buffer)));
        }
    }

    /// Whether part of a frame has arrived and its end has not.
    pub fn is_mid_frame(&self) -> bool {
        !self.lent && !self.buffer.is_empty()
    }

    /// Octets held at this moment; never more than [`MAX_FRAME`].
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }
}

/// Writes a value as one frame, line feed included.
///
/// # Errors
/// [`FrameError::TooLong`] if it has more than [`MAX_FRAME`] octets.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, FrameError> {
    let mut line = serde_json::to_vec(value).map_err(|error| FrameError::Json {
        reason: error.to_string(),
    })?;
    line.push(b'\n');
    if line.len() > MAX_FRAME {
        return Err(too_long(line.len()));
    }
    Ok(line)
}

fn too_long(had: usize) -> FrameError {
    FrameError::TooLong {
        limit: MAX_FRAME,
        had,
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut decoder = FrameDecoder::new();
        let mut found = Vec::new();
        for piece in pieces {
            let mut input = *piece;
            while let Some(frame) = decoder.pull(&mut input)? {
                found.push(frame.to_vec());
            }
            assert!(input.is_empty());
            assert!(decoder.buffered() <= MAX_FRAME);
        }
        Ok(found)
    }

    #[test]
    fn a_frame_of_the_limit_passes_and_one_more_octet_does_not() {
        let mut line = vec![b'a'; MAX_FRAME - 1];
        line.push(b'\n');
        assert_eq!(frames(&[&line]).unwrap().len(), 1);
        assert_eq!(frames(&[&line[..10], &line[10..]]).unwrap().len(), 1);
        line.insert(0, b'a');
        assert!(frames(&[&line]).is_err());
        assert!(frames(&[&line[..10], &line[10..]]).is_err());
        assert!(frames(&[&line[..MAX_FRAME]]).is_err());
    }

    #[test]
    fn an_error_stays() {
        let mut decoder = FrameDecoder::new();
        let mut input: &[u8] = &[b'a'; MAX_FRAME];
        assert!(decoder.pull(&mut input).is_err());
        let mut input: &[u8] = b"ok\n";
        assert!(decoder.pull(&mut input).is_err());
        assert_eq!(decoder.buffered(), 0);
    }

    #[test]
    fn empty_lines_are_skipped() {
        assert_eq!(frames(&[b"\n\r\n", b"\r", b"\na\n"]).unwrap(), [b"a"]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(
            lines in prop::collection::vec("[^\r\n]{0,40}", 0..20),
            cuts in prop::collection::vec(1..30usize, 1..200),
        ) {
            let whole: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
            let expected: Vec<Vec<u8>> = lines.iter().filter(|line| !line.is_empty()).map(|line| line.clone().into_bytes()).collect();
            let mut pieces = Vec::new();
            let mut rest = &whole[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(frames(&pieces).unwrap(), expected);
        }

        #[test]
        fn any_octets_stay_within_the_limit(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9000), 0..6),
        ) {
            let mut decoder = FrameDecoder::new();
            for piece in &pieces {
                let mut input = &piece[..];
                while let Ok(Some(frame)) = decoder.pull(&mut input) {
                    prop_assert!(frame.len() < MAX_FRAME);
                }
                prop_assert!(decoder.buffered() <= MAX_FRAME);
            }
        }
    }
}
