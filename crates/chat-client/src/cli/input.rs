//! Lines from the user, whatever they come from.

use std::io::{self, BufRead, ErrorKind};

use tokio::sync::mpsc;

/// The longest line, in octets; of a longer one nothing is said.
const LONGEST: usize = 16 * 1024;

/// Lines that wait to be obeyed; then the reading waits.
pub(super) const WAITING: usize = 16;

/// What the user did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Entered a line.
    Line(String),
    /// Entered a line that is too long.
    TooLong,
    /// Ended the input, or wants to leave.
    End,
}

/// Reads lines from a pipe until its end, or until nobody listens. Octets that are no UTF-8 become
/// U+FFFD.
pub(super) fn read_lines(mut reader: impl BufRead, inputs: &mpsc::Sender<Input>) {
    loop {
        // An input that cannot be read has ended.
        let input = read_line(&mut reader).unwrap_or(Input::End);
        let end = input == Input::End;
        if inputs.blocking_send(input).is_err() || end {
            return;
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Input> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let read = match reader.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read.is_empty() && line.is_empty() && !too_long {
            return Ok(Input::End);
        }
        let end = read.iter().position(|octet| *octet == b'\n');
        let part = read.get(..end.unwrap_or(read.len())).unwrap_or_default();
        too_long |= line.len().saturating_add(part.len()) > LONGEST;
        if !too_long {
            line.extend_from_slice(part);
        }
        let last = end.is_some() || read.is_empty();
        let used = end.map_or(read.len(), |end| end.saturating_add(1));
        reader.consume(used);
        if last && too_long {
            return Ok(Input::TooLong);
        }
        if last {
            return Ok(Input::Line(String::from_utf8_lossy(&line).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(octets: &[u8]) -> Vec<Input> {
        let (sender, mut receiver) = mpsc::channel(16);
        read_lines(io::BufReader::with_capacity(7, octets), &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let line = |text: &str| Input::Line(text.to_owned());
        assert_eq!(
            all(b"hi\r\n\na \xff"),
            [line("hi\r"), line(""), line("a \u{fffd}"), Input::End]
        );
        assert_eq!(all(b""), [Input::End]);
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let mut octets = vec![b'x'; LONGEST * 4];
        octets.extend_from_slice(b"\nnext\n");
        let next = Input::Line("next".to_owned());
        assert_eq!(all(&octets), [Input::TooLong, next, Input::End]);
    }
}
