//! The ways in which an answer goes wrong.

/// What was probably done instead of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slip {
    /// A number that Wireshark counts from the ISN.
    RelativeNumber,
    /// The acknowledgment number where the sequence number is asked for.
    AcknowledgmentForSequence,
    /// The sequence number where the acknowledgment number is asked for.
    SequenceForAcknowledgment,
    /// The ISN where the number after it is asked for.
    NotIncremented,
    /// The other side's number.
    OtherSide,
    /// Two answers in each other's place.
    Swapped,
    /// The same number of client2's connection.
    OtherClient,
    /// The same number of yet another connection.
    OtherConnection,
    /// The number of an attempt that the server refused.
    RefusedAttempt,
    /// The number of an attempt that nobody answered.
    UnansweredAttempt,
    /// A number of the handshake's last segment.
    FinalAck,
    /// A number of a segment behind the handshake.
    LaterSegment,
    /// The frame's number.
    FrameNumber,
    /// Another field of the same header.
    OtherField,
    /// One more or one less.
    OffByOne,
    /// A digit mistyped, left out, added, or two changed over.
    TypingSlip,
    /// The right number's hexadecimal digits, read as decimal ones.
    HexadecimalAsDecimal,
    /// The right number's decimal digits, read as hexadecimal ones.
    DecimalAsHexadecimal,
    /// The octets read from the wrong end.
    ByteOrder,
    /// A negative number.
    Signed,
    /// The length of the whole header where that of a field, or the number of fields, is asked for.
    HeaderLength,
    /// The number of fields where their length is asked for.
    CountForLength,
    /// The length of a field where the number of fields is asked for.
    LengthForCount,
    /// The payload counted as a field.
    PayloadAsField,
    /// What Wireshark computes counted as fields.
    ComputedFields,
    /// TCP's header instead of UDP's.
    TcpHeader,
    /// Bits instead of octets.
    BitsForOctets,
    /// The header's octets counted into the payload.
    HeaderCounted,
    /// The header's octets taken off twice, or another header's.
    WrongHeader,
    /// What fits into an IPv4 packet.
    Ipv4Limit,
    /// What fits into a frame of the link.
    LinkLimit,
    /// A value of this datagram where the largest possible one is asked for.
    ThisPacket,
    /// How many values there are where the largest is asked for.
    RangeForLargest,
    /// The end of a class of ports.
    PortClass,
    /// The largest number of a field that has a sign.
    SignedField,
    /// TCP's number.
    TcpProtocol,
    /// The number of another protocol.
    OtherProtocol,
    /// The number that stands in the link header for IP.
    EtherType,
    /// A port where a protocol's number is asked for.
    PortNumber,
    /// The answer to another question.
    OtherAnswer,
    /// No whole number.
    NotInteger,
    /// A number that the field cannot hold.
    OutOfRange,
    /// None of these.
    Unknown,
}

impl Slip {
    /// All of them, in the order of their documentation.
    pub const ALL: [Self; 43] = [
        Self::RelativeNumber,
        Self::AcknowledgmentForSequence,
        Self::SequenceForAcknowledgment,
        Self::NotIncremented,
        Self::OtherSide,
        Self::Swapped,
        Self::OtherClient,
        Self::OtherConnection,
        Self::RefusedAttempt,
        Self::UnansweredAttempt,
        Self::FinalAck,
        Self::LaterSegment,
        Self::FrameNumber,
        Self::OtherField,
        Self::OffByOne,
        Self::TypingSlip,
        Self::HexadecimalAsDecimal,
        Self::DecimalAsHexadecimal,
        Self::ByteOrder,
        Self::Signed,
        Self::HeaderLength,
        Self::CountForLength,
        Self::LengthForCount,
        Self::PayloadAsField,
        Self::ComputedFields,
        Self::TcpHeader,
        Self::BitsForOctets,
        Self::HeaderCounted,
        Self::WrongHeader,
        Self::Ipv4Limit,
        Self::LinkLimit,
        Self::ThisPacket,
        Self::RangeForLargest,
        Self::PortClass,
        Self::SignedField,
        Self::TcpProtocol,
        Self::OtherProtocol,
        Self::EtherType,
        Self::PortNumber,
        Self::OtherAnswer,
        Self::NotInteger,
        Self::OutOfRange,
        Self::Unknown,
    ];

    /// Its name in JSON and in rubrics.
    pub const fn id(self) -> &'static str {
        self.words().0
    }

    /// What it is, in a few words.
    pub const fn title(self) -> &'static str {
        self.words().1
    }

    /// What to look for, without a number.
    pub const fn hint(self) -> &'static str {
        self.words().2
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::RelativeNumber => (
                "relative_number",
                "a relative number",
                "Wireshark counts sequence numbers from the start of the connection unless told otherwise: switch off Preferences, Protocols, TCP, Relative sequence numbers",
            ),
            Self::AcknowledgmentForSequence => (
                "acknowledgment_for_sequence",
                "the acknowledgment number for the sequence number",
                "the TCP header has two numbers side by side: what the sender counts itself comes first, what it expects of the other side second",
            ),
            Self::SequenceForAcknowledgment => (
                "sequence_for_acknowledgment",
                "the sequence number for the acknowledgment number",
                "the TCP header has two numbers side by side: what the sender counts itself comes first, what it expects of the other side second",
            ),
            Self::NotIncremented => (
                "not_incremented",
                "the number that is acknowledged, not the acknowledgment",
                "a SYN uses up a sequence number, and an acknowledgment names the next number that is expected",
            ),
            Self::OtherSide => (
                "other_side",
                "the other side's number",
                "each side begins with a number of its own: mind who sends the segment",
            ),
            Self::Swapped => (
                "swapped",
                "two answers in each other's place",
                "look again which segment or field each of the two questions names",
            ),
            Self::OtherClient => (
                "other_client",
                "the number of client2's connection",
                "both clients connect to the server: mind the client's address",
            ),
            Self::OtherConnection => (
                "other_connection",
                "the number of another connection",
                "there is more than one connection: the first one between client1 and the chat server is asked for",
            ),
            Self::RefusedAttempt => (
                "refused_attempt",
                "the number of an attempt that was refused",
                "a SYN that is answered by RST opens no connection: look for one that is answered by SYN and ACK",
            ),
            Self::UnansweredAttempt => (
                "unanswered_attempt",
                "the number of an attempt that nobody answered",
                "a SYN without an answer opens no connection: look for one that is answered by SYN and ACK",
            ),
            Self::FinalAck => (
                "final_ack",
                "a number of the handshake's last segment",
                "the handshake has three segments: the last one has ACK set and SYN not",
            ),
            Self::LaterSegment => (
                "later_segment",
                "a number of a later segment",
                "the connection's first segments are asked for, those with SYN set",
            ),
            Self::FrameNumber => (
                "frame_number",
                "the frame's number",
                "that counts the frames of the capture: the number asked for stands in the TCP header",
            ),
            Self::OtherField => (
                "other_field",
                "another field of the header",
                "that is a field of the right segment, and not the one asked for",
            ),
            Self::OffByOne => (
                "off_by_one",
                "one more or one less than the number",
                "very near: read the number once more",
            ),
            Self::TypingSlip => (
                "typing_slip",
                "the number with a typing error",
                "nearly the right digits: compare them one by one, or copy the value from Wireshark",
            ),
            Self::HexadecimalAsDecimal => (
                "hexadecimal_as_decimal",
                "hexadecimal digits read as decimal ones",
                "those are hexadecimal digits: Python wants `0x` before them",
            ),
            Self::DecimalAsHexadecimal => (
                "decimal_as_hexadecimal",
                "decimal digits read as hexadecimal ones",
                "the digits are decimal ones: no `0x` belongs before them",
            ),
            Self::ByteOrder => (
                "byte_order",
                "the octets in the wrong order",
                "numbers in headers have their most significant octet first (network byte order)",
            ),
            Self::Signed => (
                "signed",
                "the number with a sign that it does not have",
                "the fields of these headers have no sign: no number in them is negative",
            ),
            Self::HeaderLength => (
                "header_length",
                "the length of the whole header",
                "that is the whole header, and the question is about its fields",
            ),
            Self::CountForLength => (
                "count_for_length",
                "the number of fields for their length",
                "that is how many fields there are, and the question is how long each is",
            ),
            Self::LengthForCount => (
                "length_for_count",
                "the length of a field for the number of fields",
                "that is how long a field is, and the question is how many there are",
            ),
            Self::PayloadAsField => (
                "payload_as_field",
                "the payload counted as a field",
                "the data behind the header is no field of it",
            ),
            Self::ComputedFields => (
                "computed_fields",
                "lines counted that Wireshark computes",
                "lines in square brackets are computed by Wireshark and stand in no header: click each line and see whether octets are marked",
            ),
            Self::TcpHeader => (
                "tcp_header",
                "TCP's header instead of UDP's",
                "that is TCP's header: select a UDP packet",
            ),
            Self::BitsForOctets => (
                "bits_for_octets",
                "bits instead of octets",
                "the question asks for bytes, and that is a number of bits",
            ),
            Self::HeaderCounted => (
                "header_counted",
                "the header counted into the payload",
                "the length field counts the UDP header too: take it off",
            ),
            Self::WrongHeader => (
                "wrong_header",
                "another header's length taken off",
                "only the UDP header counts into UDP's length field, and it counts once",
            ),
            Self::Ipv4Limit => (
                "ipv4_limit",
                "what fits into an IPv4 packet",
                "that is what IPv4 leaves room for; the question is what UDP's own length field can say",
            ),
            Self::LinkLimit => (
                "link_limit",
                "what fits into a frame of the link",
                "a datagram may be longer than a frame, for IP cuts it into fragments: ask what UDP's length field can say",
            ),
            Self::ThisPacket => (
                "this_packet",
                "a value of this packet",
                "that is what this packet has; the question is what is possible at most",
            ),
            Self::RangeForLargest => (
                "range_for_largest",
                "how many values there are, not the largest",
                "counting begins at zero, so the largest value is not how many there are",
            ),
            Self::PortClass => (
                "port_class",
                "the end of a class of ports",
                "that ends one class of ports (well-known, registered, or a host's own choice); the question is what the field can hold",
            ),
            Self::SignedField => (
                "signed_field",
                "the largest number of a field with a sign",
                "the field has no sign: all of its bits count",
            ),
            Self::TcpProtocol => (
                "tcp_protocol",
                "TCP's number",
                "that is TCP's number: look into the IP header of a UDP packet",
            ),
            Self::OtherProtocol => (
                "other_protocol",
                "another protocol's number",
                "that number is another protocol's: look into the IP header of a UDP packet, at the field that says what follows",
            ),
            Self::EtherType => (
                "ether_type",
                "the number that the link header has for IP",
                "that is what the Ethernet header says of IP; the question is what the IP header says of UDP",
            ),
            Self::PortNumber => (
                "port_number",
                "a port",
                "that is a port, which names a program; the number asked for stands in the IP header and names a protocol",
            ),
            Self::OtherAnswer => (
                "other_answer",
                "the answer to another question",
                "that answers another question of the sheet",
            ),
            Self::NotInteger => (
                "not_integer",
                "no whole number",
                "the answer is one whole number, in decimal digits or with `0x` before hexadecimal ones",
            ),
            Self::OutOfRange => (
                "out_of_range",
                "a number that the field cannot hold",
                "no field of that length holds such a number",
            ),
            Self::Unknown => (
                "unknown",
                "none of the numbers that are often taken for it",
                "that number is none that is often taken for the answer: begin again at the filter",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_has_words_of_its_own_and_no_hint_has_a_number() {
        for (index, slip) in Slip::ALL.into_iter().enumerate() {
            let is_new = |other: &Slip| other.id() != slip.id() && other.title() != slip.title();
            assert!(Slip::ALL[..index].iter().all(is_new), "{slip:?}");
            let hint = slip
                .hint()
                .replace("`0x`", "")
                .replace("client1", "")
                .replace("client2", "")
                .replace("IPv4", "");
            assert!(!hint.contains(|c: char| c.is_ascii_digit()), "{hint}");
        }
    }
}
