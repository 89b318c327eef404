//! Which language a client speaks, told by the first octets that it sends.

/// What the first octets of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// This protocol: a JSON object begins.
    Native,
    /// The lab dialect: a bare name (checked by nobody yet).
    Lab,
    /// A request of HTTP, which a browser or a scanner sends.
    Http,
    /// A TLS handshake.
    Tls,
    /// None of them: octets that no name has.
    Foreign,
}

impl Opening {
    /// Judges the first octets. `None` as long as there are none.
    ///
    /// A native client's first octet is `{`, which no name has. The lab dialect has no end of a
    /// name, so that what one read gives is taken for whole.
    pub fn of(octets: &[u8]) -> Option<Self> {
        let first = *octets.first()?;
        if first == b'{' {
            return Some(Self::Native);
        }
        let methods: [&[u8]; 9] = [
            b"GET ",
            b"POST ",
            b"HEAD ",
            b"PUT ",
            b"DELETE ",
            b"OPTIONS ",
            b"CONNECT ",
            b"PATCH ",
            b"PRI ",
        ];
        if methods.iter().any(|method| octets.starts_with(method)) {
            return Some(Self::Http);
        }
        // A record of the type handshake, of TLS 1.x (RFC 8446 §5.1); one octet may come alone.
        if first == 0x16 && octets.get(1).is_none_or(|major| *major == 3) {
            return Some(Self::Tls);
        }
        // Letters of other scripts make a bad name, which can be said in words; other binary
        // protocols begin with a control octet.
        if first.is_ascii_control() || first == 0xff {
            return Some(Self::Foreign);
        }
        Some(Self::Lab)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_is_recognised() {
        let cases: [(&[u8], Option<Opening>); 10] = [
            (b"", None),
            (b"{\"type\":\"hello\"", Some(Opening::Native)),
            (b"alice", Some(Opening::Lab)),
            (b"GET", Some(Opening::Lab)),
            (b"GET / HTTP/1.1\r\n", Some(Opening::Http)),
            (b"\x16\x03\x01", Some(Opening::Tls)),
            (b"\x16", Some(Opening::Tls)),
            (b"\x16\x01", Some(Opening::Foreign)),
            (b"!{\"bob\"", Some(Opening::Lab)),
            (b"\xd0\xb0lice", Some(Opening::Lab)),
        ];
        for (octets, expected) in cases {
            assert_eq!(Opening::of(octets), expected, "{octets:?}");
        }
    }
}
