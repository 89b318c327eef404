//! The questions of the lab's Milestone 4.

use super::Evidence;

/// One question of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The sequence number of the first SYN of client1 to the chat server.
    Syn,
    /// The sequence number of the reply to it.
    SynAck,
    /// The acknowledgment number of the same segment.
    SynAckAcknowledgment,
    /// How many fields a UDP header has.
    UdpFields,
    /// How long each of them is, in octets.
    UdpFieldLength,
    /// How many octets a UDP datagram can carry.
    UdpPayload,
    /// The largest port.
    LargestPort,
    /// The number of UDP in the IP header.
    UdpProtocol,
}

/// The notebook's names of the answers, in its order.
pub const KEYS: [&str; 8] = [
    "SYN_sequence_number",
    "SYNACK_sequence_number",
    "SYNACK_ACKnowledgement_number",
    "number_of_fields_in_UDP_header",
    "length_of_header_field",
    "maximum_number_of_bytes_in_UDP_payload",
    "largest_possible_source_port_number",
    "protocol_number_for_UDP",
];

impl Question {
    /// All questions, in the notebook's order.
    pub const ALL: [Self; 8] = [
        Self::Syn,
        Self::SynAck,
        Self::SynAckAcknowledgment,
        Self::UdpFields,
        Self::UdpFieldLength,
        Self::UdpPayload,
        Self::LargestPort,
        Self::UdpProtocol,
    ];

    /// The notebook's name of the answer.
    pub const fn key(self) -> &'static str {
        let [
            syn,
            syn_ack,
            acknowledgment,
            fields,
            length,
            payload,
            port,
            protocol,
        ] = KEYS;
        match self {
            Self::Syn => syn,
            Self::SynAck => syn_ack,
            Self::SynAckAcknowledgment => acknowledgment,
            Self::UdpFields => fields,
            Self::UdpFieldLength => length,
            Self::UdpPayload => payload,
            Self::LargestPort => port,
            Self::UdpProtocol => protocol,
        }
    }

    /// The question whose answer has this name in the notebook.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.key() == key)
    }

    /// The answer where the layout of the headers gives it and not the capture.
    pub const fn fixed_answer(self) -> Option<u64> {
        match self {
            Self::Syn | Self::SynAck | Self::SynAckAcknowledgment => None,
            Self::UdpFields => Some(4),
            Self::UdpFieldLength => Some(2),
            Self::UdpPayload => Some(65_527),
            Self::LargestPort => Some(65_535),
            Self::UdpProtocol => Some(17),
        }
    }

    /// What the answer is, in a few words.
    pub const fn gloss(self) -> &'static str {
        match self {
            Self::Syn => "sequence number of the first SYN",
            Self::SynAck => "sequence number of the SYN-ACK",
            Self::SynAckAcknowledgment => "acknowledgment number of the SYN-ACK",
            Self::UdpFields => "fields of a UDP header",
            Self::UdpFieldLength => "octets of each of them",
            Self::UdpPayload => "most octets of a UDP payload",
            Self::LargestPort => "largest port number",
            Self::UdpProtocol => "UDP's number in the IP header",
        }
    }
}

/// The answer to one question: a number that a frame shows, or the reason why there is none.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// The number and where it stands, or why it is not answered.
    pub result: Result<Evidence, String>,
}

impl Answer {
    /// The number, if the captures show it.
    pub fn value(&self) -> Option<u64> {
        self.result.as_ref().ok().map(|evidence| evidence.value)
    }
}
