//! Lengths that lie in headers, and in what they carry: each packet is read as tshark reads it.

use std::net::{IpAddr, SocketAddr};

use tests::frames::{
    ARP, IPV4, IPV6, Link, PSH, SYN, SYN_OPTIONS, Segment, datagram, fragments, icmp_error,
    ip_packet,
};
use tests::program::chatpcap;
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, SERVER, on_port};
use tests::tshark;

#[test]
fn headers_and_what_they_carry_are_read_as_by_tshark() {
    let columns = [
        "ip.len",
        "ip.hdr_len",
        "ipv6.plen",
        "tcp.stream",
        "tcp.hdr_len",
        "tcp.len",
        "udp.stream",
        "udp.length",
        "arp.opcode",
        "icmp.type",
        "dns.id",
        "vlan.id",
    ];
    let mut recording = Recording::new(Link::Ethernet);
    let mut names = Vec::new();
    for (name, frame) in frames() {
        recording.push(Link::Ethernet, frame);
        names.push(name);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lies.pcap"), recording.pcap()).unwrap();
    let mut arguments = vec![
        "packets",
        "-T",
        "fields",
        "-E",
        "header=y",
        "-e",
        "frame.number",
    ];
    arguments.extend(columns.iter().flat_map(|column| ["-e", *column]));
    arguments.push("lies.pcap");
    let output = chatpcap(folder.path(), &arguments, b"");
    assert_eq!(output.status.code(), Some(0));
    let ours = String::from_utf8(output.stdout).unwrap();
    assert_eq!(ours.lines().count(), names.len() + 1);
    let Some(theirs) = tshark::fields(&recording, &columns) else {
        println!("skipped: there is no tshark to compare with");
        return;
    };
    let mut wrong = String::new();
    for ((name, ours), theirs) in names
        .iter()
        .zip(ours.lines().skip(1))
        .zip(theirs.lines().skip(1))
    {
        if ours != theirs && !DIFFERENCES.iter().any(|(known, _)| name.starts_with(known)) {
            wrong = format!("{wrong}\n{name}\n  ours   {ours}\n  theirs {theirs}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Packets that tshark reads otherwise, by what their names start with, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "IPv4 header of",
        "fields of a header that ends within itself, which tshark does not look at",
    ),
    (
        "IP version",
        "fields of a header of another version, which tshark does not look at",
    ),
    (
        "TCP header of",
        "the payload behind a header that ends within itself, which nobody can find",
    ),
    (
        "IPv6 payload length 0",
        "a packet as long as the frame: network cards hand such ones to captures",
    ),
    (
        "40 extension headers",
        "layers beyond the sixteenth are not read",
    ),
    (
        "100 extension headers",
        "layers beyond the sixteenth are not read",
    ),
    ("40 times", "layers beyond the sixteenth are not read"),
    ("100 VLAN tags", "layers beyond the sixteenth are not read"),
];

/// Ethernet frames with a lie each.
fn frames() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: String, ether_type: u16, packet: &[u8]| {
        all.push((name, Link::Ethernet.frame_of(ether_type, packet)));
    };
    let patched = |packet: &[u8], at: usize, octets: &[u8]| {
        let mut packet = packet.to_vec();
        packet[at..at + octets.len()].copy_from_slice(octets);
        packet
    };
    let udp = datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        1,
        b"hello, you",
    );
    let tcp = Segment {
        from: CLIENT1,
        to: SERVER,
        seq: 1,
        ack: 0,
        flags: SYN | PSH,
        window: 1000,
        identification: 2,
        options: SYN_OPTIONS.to_vec(),
        payload: b"hello".to_vec(),
    };
    let segment = tcp.packet();
    for length in [0_u16, 1, 19, 20, 21, 27, 28, 29, 37, 39, 1500, 65_535] {
        let octets = length.to_be_bytes();
        add(
            format!("IPv4 total length {length} of UDP"),
            IPV4,
            &patched(&udp, 2, &octets),
        );
        add(
            format!("IPv4 total length {length} of TCP"),
            IPV4,
            &patched(&segment, 2, &octets),
        );
    }
    for words in [0_u8, 1, 4, 6, 15] {
        add(
            format!("IPv4 header of {words} words"),
            IPV4,
            &patched(&udp, 0, &[0x40 | words]),
        );
    }
    for version in [0_u8, 3, 5, 6, 7, 15] {
        add(
            format!("IP version {version}"),
            IPV4,
            &patched(&udp, 0, &[version << 4 | 5]),
        );
    }
    for length in [0_u16, 1, 7, 8, 9, 17, 19, 1000, 65_535] {
        add(
            format!("UDP length {length}"),
            IPV4,
            &patched(&udp, 24, &length.to_be_bytes()),
        );
    }
    for words in [0_u8, 1, 4, 5, 6, 9, 10, 15] {
        add(
            format!("TCP header of {words} words"),
            IPV4,
            &patched(&segment, 32, &[words << 4]),
        );
    }
    for length in [0_u8, 1, 2, 3, 5, 40, 255] {
        add(
            format!("TCP option of {length} octets"),
            IPV4,
            &patched(&segment, 41, &[length]),
        );
    }
    let packet = datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        3,
        &[b'x'; 100],
    );
    let pieces = fragments(&packet, 77, 56);
    for (offset, more) in [
        (8191_u16, 0_u16),
        (8191, 0x2000),
        (8185, 0),
        (1, 0),
        (0, 0x2000),
    ] {
        let field = (offset | more).to_be_bytes();
        add(
            format!("fragment at {offset}, more {more}"),
            IPV4,
            &patched(&pieces[1], 6, &field),
        );
    }
    let [one, other]: [SocketAddr; 2] =
        ["[fd00::1]:5000", "[fd00::2]:5001"].map(|text| text.parse().unwrap());
    let udp6 = datagram(one, other, 1, b"hello, you");
    for length in [0_u16, 1, 7, 8, 17, 19, 1500, 65_535] {
        add(
            format!("IPv6 payload length {length}"),
            IPV6,
            &patched(&udp6, 4, &length.to_be_bytes()),
        );
    }
    // Hop-by-hop and destination options, each as long as its length octet says.
    for (count, length) in [(1, 255_u8), (3, 0), (9, 0), (40, 0), (100, 0)] {
        let mut chain = Vec::new();
        for index in 0..count {
            chain.extend([
                if index + 1 == count { 17 } else { 60 },
                length,
                1,
                4,
                0,
                0,
                0,
                0,
            ]);
        }
        chain.extend(&udp6[40..]);
        let packet = ip_packet(one.ip(), other.ip(), 60, 0, &chain);
        add(
            format!("{count} extension headers of length {length}"),
            IPV6,
            &packet,
        );
    }
    // IP in IP, as deep as a frame has room for.
    let deep = |depth: usize, protocol: u8, inner: &[u8], [from, to]: [IpAddr; 2]| {
        (0..depth).fold(inner.to_vec(), |packet, level| {
            let protocol = match level {
                0 => protocol,
                _ if from.is_ipv4() => 4,
                _ => 41,
            };
            ip_packet(from, to, protocol, 0, &packet)
        })
    };
    for depth in [1, 3, 40] {
        let ends = [CLIENT1.ip(), CLIENT2.ip()];
        add(
            format!("{depth} times IPv4 in IPv4"),
            IPV4,
            &deep(depth, 4, &udp, ends),
        );
        let ends = [one.ip(), other.ip()];
        add(
            format!("{depth} times IPv6 in IPv6"),
            IPV6,
            &deep(depth, 41, &udp6, ends),
        );
    }
    for depth in [1, 2, 100] {
        let mut tags = [0, 7, 0x81, 0].repeat(depth);
        tags.truncate(4 * depth - 2);
        tags.extend(IPV4.to_be_bytes());
        tags.extend(&udp);
        add(format!("{depth} VLAN tags"), 0x8100, &tags);
    }
    let arp = [0, 1, 8, 0, 6, 4, 0, 1]
        .into_iter()
        .chain([1; 20])
        .collect::<Vec<u8>>();
    for (hardware, protocol) in [(6, 4), (0, 0), (255, 255), (6, 255)] {
        let name = format!("ARP addresses of {hardware} and {protocol}");
        add(name, ARP, &patched(&arp, 4, &[hardware, protocol]));
    }
    let quoting = icmp_error(CLIENT2.ip(), CLIENT1.ip(), &udp);
    for length in [28, 29, 48, 50, 56] {
        add(
            format!("ICMP that quotes, cut at {length}"),
            IPV4,
            &quoting[..length],
        );
    }
    for (what, message) in dns() {
        let packet = datagram(on_port(CLIENT1, 40_000), on_port(SERVER, 53), 9, &message);
        add(format!("DNS with {what}"), IPV4, &packet);
        let mut stream = [0xff, 0xff].to_vec();
        stream.extend(&message);
        let packet = Segment {
            to: on_port(SERVER, 53),
            flags: PSH,
            payload: stream,
            ..tcp.clone()
        };
        add(format!("DNS over TCP with {what}"), IPV4, &packet.packet());
    }
    for (what, line) in chat() {
        let packet = Segment {
            flags: PSH,
            options: Vec::new(),
            payload: line.clone(),
            ..tcp.clone()
        };
        add(format!("chat with {what}"), IPV4, &packet.packet());
        let packet = datagram(on_port(CLIENT1, 5000), on_port(CLIENT2, 5000), 4, &line);
        add(format!("a datagram with {what}"), IPV4, &packet);
    }
    all
}

/// DNS messages with lies.
fn dns() -> Vec<(&'static str, Vec<u8>)> {
    let head = |counts: [u16; 4]| {
        let mut message = vec![0x12, 0x34, 0x81, 0x80];
        message.extend(counts.map(u16::to_be_bytes).concat());
        message
    };
    let with = |counts, rest: &[u8]| [&head(counts)[..], rest].concat();
    vec![
        ("nothing behind its counts", with([u16::MAX; 4], &[])),
        (
            "a label longer than the message",
            with([1, 0, 0, 0], &[63, b'a']),
        ),
        (
            "a pointer to itself",
            with([1, 0, 0, 0], &[0xc0, 12, 0, 1, 0, 1]),
        ),
        (
            "pointers in a circle",
            with([1, 0, 0, 0], &[0xc0, 14, 0xc0, 12, 0, 1, 0, 1]),
        ),
        (
            "a pointer behind the message",
            with([1, 0, 0, 0], &[0xff, 0xff, 0, 1, 0, 1]),
        ),
        (
            "a name of 300 octets",
            with(
                [1, 0, 0, 0],
                &[
                    &[9, b'a', b'a', b'a', b'a', b'a', b'a', b'a', b'a', b'a'].repeat(30)[..],
                    &[0, 0, 1, 0, 1],
                ]
                .concat(),
            ),
        ),
        (
            "an answer longer than the message",
            with(
                [1, 1, 0, 0],
                &[
                    1, b'a', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 1,
                ],
            ),
        ),
        (
            "an address of three octets",
            with(
                [1, 1, 0, 0],
                &[
                    1, b'a', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 3, 1, 2, 3,
                ],
            ),
        ),
    ]
}

/// What the chat cannot mean.
fn chat() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("60,000 octets without a line's end", vec![b'{'; 60_000]),
        (
            "arrays in arrays",
            [&b"[".repeat(20_000)[..], b"\n"].concat(),
        ),
        (
            "objects in objects",
            [&b"{\"a\":".repeat(9000)[..], b"\n"].concat(),
        ),
        (
            "a string that never ends",
            [&b"{\"type\":\"say\",\"text\":\""[..], &[b'x'; 50_000]].concat(),
        ),
        (
            "a number of 50,000 digits",
            [&b"{\"type\":"[..], &[b'9'; 50_000], b"}\n"].concat(),
        ),
        ("empty lines", vec![b'\n'; 50_000]),
        ("octets that are no text", vec![0xff; 2000]),
        (
            "a list of users that never ends",
            [&b"!{"[..], &b"\"a\":\"1.2.3.4\",".repeat(3000)].concat(),
        ),
    ]
}
