//! What a capture file says of how it came about. Only pcapng says anything.

/// Octets of a text that are kept.
const MAX_TEXT: usize = 256;

/// What a capture file says of how it came about: all of it is text that anybody may have written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The program that wrote the first section that names one, raw: `Dumpcap (Wireshark) 4.0.17`.
    ///
    /// # Source
    /// draft-ietf-opsawg-pcapng §4.1, option `shb_userappl`
    pub application: Option<String>,
    /// The first frame with a comment.
    pub commented_frame: Option<u64>,
    /// The first comment, of the file or of a frame, raw.
    pub comment: Option<String>,
    /// How many comments there are.
    pub comments: u64,
}

impl Origin {
    /// Notes what a block says: `frame` is that of its comment, 0 for the file as a whole.
    pub(super) fn add(&mut self, application: Option<String>, frame: u64, comment: Option<String>) {
        self.application = self.application.take().or(application);
        if comment.is_some() {
            self.comments = self.comments.saturating_add(1);
            self.comment = self.comment.take().or(comment);
            if frame > 0 {
                self.commented_frame.get_or_insert(frame);
            }
        }
    }
}

/// The text of an option, or the start of a long one.
pub(super) fn text(octets: &[u8]) -> String {
    let kept = octets.get(..MAX_TEXT).unwrap_or(octets);
    String::from_utf8_lossy(kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use crate::capture::octets::ByteOrder;
    use crate::capture::testing::{block, interface, u32s};

    #[test]
    fn a_section_and_a_frame_say_where_they_come_from() {
        let order = ByteOrder::Big;
        let mut section = u32s(order, &[0x1a2b_3c4d, 0x0001_0000, u32::MAX, u32::MAX]);
        section.extend([0, 4, 0, 8]);
        section.extend(b"Mergecap");
        let frame = |comment: &[u8]| {
            let mut body = u32s(order, &[0, 0, 7, 4, 4]);
            body.extend(b"abcd");
            if let Ok(length) = u8::try_from(comment.len()) {
                body.extend([0, 1, 0, length]);
            }
            body.extend(comment);
            block(order, 6, &body)
        };
        let file = [
            block(order, 0x0a0d_0d0a, &section),
            interface(order, 1, 0, &[]),
            frame(b"first"),
            frame(&[b'x'; 200]),
        ];
        let mut capture = Capture::from_reader(std::io::Cursor::new(file.concat())).unwrap();
        assert_eq!(capture.origin(), Origin::default());
        while capture.next_frame().is_some() {}
        let expected = Origin {
            application: Some("Mergecap".to_owned()),
            commented_frame: Some(1),
            comment: Some("first".to_owned()),
            comments: 2,
        };
        assert_eq!(capture.origin(), expected);
        assert!(capture.notices().is_empty());
    }
}
