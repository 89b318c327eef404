//! Names that stand for numbers in filters, as Wireshark prints them.

/// `EtherType`s (IANA, "IEEE 802 Numbers").
pub(super) const ETHER_TYPES: &[(u64, &str)] = &[
    (0x0800, "IPv4"),
    (0x0806, "ARP"),
    (0x8035, "RARP"),
    (0x8100, "802.1Q Virtual LAN"),
    (0x86dd, "IPv6"),
    (0x8847, "MPLS label switched packet"),
    (0x8863, "PPPoE Discovery"),
    (0x8864, "PPPoE Session"),
    (0x88a8, "802.1ad Provider Bridge (Q-in-Q)"),
    (0x88cc, "802.1 Link Layer Discovery Protocol (LLDP)"),
];

/// IP protocols (IANA, "Assigned Internet Protocol Numbers").
pub(super) const IP_PROTOCOLS: &[(u64, &str)] = &[
    (0, "IPv6 Hop-by-Hop Option"),
    (1, "ICMP"),
    (2, "IGMP"),
    (4, "IPIP"),
    (6, "TCP"),
    (17, "UDP"),
    (41, "IPv6"),
    (43, "Routing Header for IPv6"),
    (44, "Fragment Header for IPv6"),
    (47, "Generic Routing Encapsulation"),
    (50, "Encap Security Payload"),
    (51, "Authentication Header"),
    (58, "ICMPv6"),
    (59, "No Next Header for IPv6"),
    (60, "Destination Options for IPv6"),
    (89, "OSPF IGP"),
    (103, "PIM"),
    (112, "VRRP"),
    (132, "SCTP"),
    (136, "UDPlite"),
];

/// ARP operations (RFC 826; RFC 903).
pub(super) const ARP_OPERATIONS: &[(u64, &str)] = &[
    (1, "request"),
    (2, "reply"),
    (3, "reverse request"),
    (4, "reverse reply"),
];

/// Packet types of Linux cooked captures.
pub(super) const PACKET_TYPES: &[(u64, &str)] = &[
    (0, "Unicast to us"),
    (1, "Broadcast"),
    (2, "Multicast"),
    (3, "Unicast to another host"),
    (4, "Sent by us"),
];

/// What was found of a checksum.
pub(super) const CHECKSUM_STATUS: &[(u64, &str)] = &[
    (0, "Bad"),
    (1, "Good"),
    (2, "Unverified"),
    (3, "Not present"),
];

/// ICMP types (RFC 792 and IANA, "ICMP Parameters").
pub(super) const ICMP_TYPES: &[(u64, &str)] = &[
    (0, "Echo (ping) reply"),
    (3, "Destination unreachable"),
    (4, "Source quench (flow control)"),
    (5, "Redirect"),
    (8, "Echo (ping) request"),
    (9, "Router advertisement"),
    (10, "Router solicitation"),
    (11, "Time-to-live exceeded"),
    (12, "Parameter problem"),
    (13, "Timestamp request"),
    (14, "Timestamp reply"),
    (17, "Address mask request"),
    (18, "Address mask reply"),
];

/// ICMPv6 types (IANA, "ICMPv6 Parameters").
pub(super) const ICMPV6_TYPES: &[(u64, &str)] = &[
    (1, "Destination Unreachable"),
    (2, "Packet Too Big"),
    (3, "Time Exceeded"),
    (4, "Parameter Problem"),
    (128, "Echo (ping) request"),
    (129, "Echo (ping) reply"),
    (130, "Multicast Listener Query"),
    (131, "Multicast Listener Report"),
    (132, "Multicast Listener Done"),
    (133, "Router Solicitation"),
    (134, "Router Advertisement"),
    (135, "Neighbor Solicitation"),
    (136, "Neighbor Advertisement"),
    (137, "Redirect"),
    (143, "Multicast Listener Report Message v2"),
];

/// DNS types (IANA, "Domain Name System Parameters").
pub(super) const DNS_TYPES: &[(u64, &str)] = &[
    (1, "A (Host Address)"),
    (2, "NS (authoritative Name Server)"),
    (5, "CNAME (Canonical NAME for an alias)"),
    (6, "SOA (Start Of a zone of Authority)"),
    (12, "PTR (domain name PoinTeR)"),
    (13, "HINFO (host information)"),
    (15, "MX (Mail eXchange)"),
    (16, "TXT (Text strings)"),
    (28, "AAAA (IPv6 Address)"),
    (33, "SRV (Server Selection)"),
    (35, "NAPTR (Naming Authority Pointer)"),
    (41, "OPT"),
    (43, "DS (Delegation Signer)"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (65, "HTTPS (HTTPS Specific Service Endpoints)"),
    (
        255,
        "ANY (A request for some or all records the server has available)",
    ),
];

/// DNS answers (RFC 1035 §4.1.1; RFC 2136 §2.2).
pub(super) const DNS_CODES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Format error"),
    (2, "Server failure"),
    (3, "No such name"),
    (4, "Not implemented"),
    (5, "Refused"),
];
