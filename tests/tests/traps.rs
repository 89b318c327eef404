//! What a naive reader of a capture gets wrong, built frame by frame.
//!
//! Every answer is compared with the numbers that were put into the frames, and its evidence with
//! the octets of the frame that it points to.

use std::net::{IpAddr, SocketAddr};

use chatpcap::ask::{Given, How, Question};
use chatpcap::report::{self, Layout};
use tests::found::{Found, TCP_QUESTIONS, UDP_ANSWERS};
use tests::frames::{self, ACK, Link, RST, SYN, datagram, fragments, icmp_error};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, Handshake, SERVER, on_port, v4};

// Numbers that stand nowhere else in the frames.
const ISN_A: u32 = 0x58b9_1457;
const ISN_B: u32 = 0x4126_a8d2;
const ISN_C: u32 = 0x7fe1_93c5;
const ISN_D: u32 = 0x9a3b_e671;

fn chat() -> Connection {
    Connection::new(CLIENT1, ISN_A, SERVER, ISN_B)
}

/// The next connection of client1, from another port.
fn next_chat() -> Connection {
    Connection::new(on_port(CLIENT1, 50_750), ISN_C, SERVER, ISN_D)
}

fn private_message() -> Vec<u8> {
    datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        0x7171,
        b"hello",
    )
}

fn ethernet() -> Recording {
    Recording::new(Link::Ethernet)
}

#[test]
fn a_plain_run() {
    let mut recording = ethernet();
    let mut chat = chat();
    let handshake = chat.open(&mut recording);
    chat.talk(&mut recording);
    let message = recording.add(&private_message());
    chat.close(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_udp(0, message);
    found.expect_no_notes();
    assert!(found.analysis.is_complete());
    let roles = &found.analysis.roles;
    assert_eq!(roles.client2.unwrap().who, CLIENT2.ip());
    assert_eq!(roles.client2.unwrap().how, How::Peer);
}

#[test]
fn refused_first() {
    let mut recording = ethernet();
    for port in [50_740, 50_742] {
        Connection::new(on_port(CLIENT1, port), ISN_C, SERVER, 0).fail(&mut recording);
    }
    let mut chat = chat();
    let handshake = chat.open(&mut recording);
    chat.talk(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["frames 1-2, frames 3-4", "refused"]);
}

#[test]
fn refused_first_from_the_same_port() {
    let mut recording = ethernet();
    Connection::new(CLIENT1, ISN_C, SERVER, 0).fail(&mut recording);
    let handshake = chat().open(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["frames 1-2", "refused"]);
}

#[test]
fn refused_only() {
    let mut recording = ethernet();
    for port in [50_740, 50_742] {
        Connection::new(on_port(CLIENT1, port), ISN_C, SERVER, 0).fail(&mut recording);
    }
    let found = Found::of(&recording);
    for question in TCP_QUESTIONS {
        found.expect_reason(
            question,
            &["refused client1 (10.20.30.11)", "2 attempts", "frame 4"],
        );
    }
    for (question, ..) in UDP_ANSWERS {
        found.expect_reason(question, &["no UDP datagram"]);
    }
}

#[test]
fn unreachable_first() {
    let mut recording = ethernet();
    let syn = next_chat().syn();
    recording.add(&syn);
    recording.add(&icmp_error(SERVER.ip(), CLIENT1.ip(), &syn));
    let handshake = chat().open(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["frame 1 on", "SYN without an answer"]);
}

#[test]
fn a_quoted_segment_that_is_cut_is_no_flow() {
    // An IPv4 router quotes eight octets: ports and sequence number. tcp.stream does not count it.
    let mut recording = ethernet();
    let lost = next_chat().syn();
    recording.add(&icmp_error(SERVER.ip(), CLIENT1.ip(), &lost));
    let handshake = chat().open(&mut recording);
    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    let flows = found.analysis.traces[0].flows.tcp();
    assert_eq!(flows.len(), 1, "{flows:?}");
    assert_eq!(flows[0].flow.index, 0);
}

#[test]
fn a_quoted_datagram_is_none() {
    let mut recording = ethernet();
    let message = private_message();
    recording.add(&icmp_error(CLIENT2.ip(), CLIENT1.ip(), &message));
    let found = Found::of(&recording);
    found.expect_reason(Question::UdpFields, &["no UDP datagram", "5000"]);

    recording.add(&message);
    Found::of(&recording).expect_udp(0, 2);
}

#[test]
fn a_resent_syn() {
    let mut recording = ethernet();
    let mut chat = chat();
    let syn = recording.add(&chat.syn());
    recording.wait(1000);
    recording.add(&chat.syn());
    recording.wait(2000);
    recording.add(&chat.syn());
    let syn_ack = recording.add(&chat.syn_ack());
    let ack = recording.add(&chat.ack());

    let found = Found::of(&recording);
    let handshake = Handshake { syn, syn_ack, ack };
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["sent 3 times", "frame 3"]);
}

#[test]
fn a_resent_syn_with_the_same_identification() {
    // Some stacks send identification 0 each time; only the time tells it from a frame captured twice.
    let mut recording = ethernet();
    let mut chat = chat();
    let mut syn = chat.segment(true, SYN, b"");
    (syn.seq, syn.ack, syn.identification) = (ISN_A, 0, 0);
    let first = recording.add(&syn.packet());
    recording.wait(1000);
    recording.add(&syn.packet());
    let syn_ack = recording.add(&chat.syn_ack());

    let found = Found::of(&recording);
    found.expect_number(Question::Syn, 0, first, ISN_A);
    found.expect_syn_ack(0, syn_ack, ISN_B, ISN_A + 1);
    found.expect_note(&["sent 2 times"]);
    found.expect_note(&["ACK, is not in the capture"]);
}

#[test]
fn a_resent_syn_ack() {
    let mut recording = ethernet();
    let mut chat = chat();
    let syn = recording.add(&chat.syn());
    let syn_ack = recording.add(&chat.syn_ack());
    recording.wait(1000);
    recording.add(&chat.syn_ack());
    let ack = recording.add(&chat.ack());
    let found = Found::of(&recording);
    found.expect_tcp(0, Handshake { syn, syn_ack, ack }, ISN_A, ISN_B);
}

#[test]
fn mid_connection_only() {
    let mut recording = ethernet();
    chat().talk(&mut recording);
    let found = Found::of(&recording);
    for question in TCP_QUESTIONS {
        found.expect_reason(question, &["client1 (10.20.30.11)", "it began later"]);
    }
}

#[test]
fn mid_connection_first() {
    let mut recording = ethernet();
    let mut old = chat();
    old.talk(&mut recording);
    old.close(&mut recording);
    let mut new = next_chat();
    let handshake = new.open(&mut recording);
    new.talk(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_C, ISN_D);
    found.expect_note(&["frame 1 on", "before the capture began"]);
}

#[test]
fn mid_connection_first_on_the_same_port() {
    let mut recording = ethernet();
    let mut old = chat();
    old.talk(&mut recording);
    old.close(&mut recording);
    let handshake = Connection::new(CLIENT1, ISN_C, SERVER, ISN_D).open(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_C, ISN_D);
    found.expect_note(&["frame 1 on", "before the capture began"]);
}

#[test]
fn a_capture_that_starts_between_syn_and_syn_ack() {
    let mut recording = ethernet();
    let mut chat = chat();
    let syn_ack = recording.add(&chat.syn_ack());
    recording.add(&chat.ack());
    chat.talk(&mut recording);

    let found = Found::of(&recording);
    let isn = ISN_A.to_string();
    found.expect_reason(Question::Syn, &["SYN itself is not in the capture", &isn]);
    found.expect_syn_ack(0, syn_ack, ISN_B, ISN_A + 1);
}

#[test]
fn other_connections_first() {
    let mut recording = ethernet();
    let web = v4([10, 20, 30, 3], 80);
    let elsewhere = v4([10, 20, 30, 99], 443);
    Connection::new(on_port(CLIENT1, 40_000), ISN_C, web, 7).open(&mut recording);
    Connection::new(on_port(CLIENT1, 40_002), ISN_D, elsewhere, 8).open(&mut recording);
    let second = Connection::new(CLIENT2, 0x0102_0304, SERVER, 9).open(&mut recording);
    let handshake = chat().open(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["frame 1 on, frame 4 on", "other ports or hosts"]);
    assert_eq!(
        found.analysis.notes.len(),
        1,
        "client2's frame {} is no news {found}",
        second.syn
    );
}

#[test]
fn only_the_first_connection_counts() {
    let mut recording = ethernet();
    let mut first = chat();
    let handshake = first.open(&mut recording);
    first.close(&mut recording);
    // The same endpoints again, then another port.
    Connection::new(CLIENT1, ISN_C, SERVER, ISN_D).open(&mut recording);
    next_chat().open(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_no_notes();
    assert_eq!(found.analysis.traces[0].flows.tcp().len(), 3);
}

#[test]
fn every_frame_captured_twice() {
    let mut recording = ethernet().doubled();
    let mut chat = chat();
    let handshake = chat.open(&mut recording);
    chat.talk(&mut recording);
    let message = recording.add(&private_message());
    chat.close(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_udp(0, message);
    found.expect_note(&["2 more copies"]);
    assert_eq!(found.analysis.notes.len(), 1, "{found}");
    let flow = &found.analysis.traces[0].flows.tcp()[0].handshake();
    assert_eq!(
        (flow.syn_count, flow.syn_ack_count, flow.captured_twice),
        (1, 1, 2)
    );
}

#[test]
fn captured_twice_and_sent_twice() {
    let mut recording = ethernet().doubled();
    let mut chat = chat();
    let syn = recording.add(&chat.syn());
    recording.wait(1000);
    recording.add(&chat.syn());
    let syn_ack = recording.add(&chat.syn_ack());
    let ack = recording.add(&chat.ack());

    let found = Found::of(&recording);
    found.expect_tcp(0, Handshake { syn, syn_ack, ack }, ISN_A, ISN_B);
    found.expect_note(&["sent 2 times", "frame 3"]);
    found.expect_note(&["3 more copies"]);
}

#[test]
fn captured_twice_over_ipv6() {
    let [client1, _, server] = ipv6();
    let mut recording = Recording::new(Link::Sll2).doubled();
    let mut chat = Connection::new(client1, ISN_A, server, ISN_B);
    let handshake = chat.open(&mut recording);
    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["2 more copies"]);
}

fn ipv6() -> [SocketAddr; 3] {
    ["[fd00::11]:50748", "[fd00::12]:41302", "[fd00::3]:5000"].map(|text| text.parse().unwrap())
}

#[test]
fn ipv6_roles_go_by_who_connects_first() {
    let [client1, client2, server] = ["[fd01::1]:50748", "[fd01::2]:41302", "[fd01::3]:5000"]
        .map(|text| text.parse::<SocketAddr>().unwrap());
    let mut recording = ethernet();
    // DNS goes over IPv4: that the lab's address appears in it does not make it an IPv6 client.
    let resolver = v4([10, 20, 30, 2], 53);
    recording.add(&datagram(on_port(CLIENT1, 33_000), resolver, 1, &[0; 30]));
    let handshake = Connection::new(client1, ISN_A, server, ISN_B).open(&mut recording);
    Connection::new(client2, ISN_C, server, ISN_D).open(&mut recording);
    let message = recording.add(&datagram(
        on_port(client1, 5000),
        on_port(client2, 5000),
        0,
        b"hello",
    ));

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_udp(0, message);
    let roles = &found.analysis.roles;
    assert_eq!(roles.server.unwrap().who.to_string(), "[fd01::3]:5000");
    assert_eq!(roles.client1.unwrap().who, client1.ip());
    assert_eq!(roles.client1.unwrap().how, How::FirstInitiator);
    assert_eq!(roles.client2.unwrap().who, client2.ip());
}

#[test]
fn client1_has_an_ipv6_address_in_the_lab() {
    let [client1, client2, server] = ipv6();
    let mut recording = ethernet();
    Connection::new(client2, ISN_C, server, ISN_D).open(&mut recording);
    let handshake = Connection::new(client1, ISN_A, server, ISN_B).open(&mut recording);
    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    let client1 = found.analysis.roles.client1.unwrap();
    assert_eq!(client1.how, How::LabAddress);

    // Where only client2 is seen, the question is not answered with its connection.
    let mut recording = ethernet();
    Connection::new(client2, ISN_C, server, ISN_D).open(&mut recording);
    let [mine, other] = [client1.who, client2.ip()].map(|ip| SocketAddr::new(ip, 5000));
    recording.add(&datagram(mine, other, 0, b"hello"));
    let found = Found::of(&recording);
    found.expect_reason(Question::Syn, &["fd00::11"]);
}

#[test]
fn every_link_header() {
    for link in Link::ALL {
        let is_ipv6 = link == Link::Raw(229);
        let [client1, client2, server] = if is_ipv6 {
            ipv6()
        } else {
            [CLIENT1, CLIENT2, SERVER]
        };
        let mut recording = Recording::new(link);
        let handshake = Connection::new(client1, ISN_A, server, ISN_B).open(&mut recording);
        let [from, to] = [client1, client2].map(|client| on_port(client, 5000));
        let message = recording.add(&datagram(from, to, 3, b"hello"));
        let found = Found::of(&recording);
        found.expect_tcp(0, handshake, ISN_A, ISN_B);
        found.expect_udp(0, message);
        let offset = found.answer(Question::Syn).as_ref().unwrap().offset();
        let network = if is_ipv6 { 40 } else { 20 };
        assert_eq!(offset, Some(link.header() + network + 4), "{link:?}");
    }
}

#[test]
fn only_client_to_server() {
    let mut recording = ethernet();
    let mut chat = chat();
    let syn = recording.add(&chat.syn());
    chat.syn_ack();
    recording.add(&chat.ack());
    recording.add(&chat.client_says(b"client1"));

    let found = Found::of(&recording);
    found.expect_number(Question::Syn, 0, syn, ISN_A);
    found.expect_reason(Question::SynAck, &["no SYN-ACK", "frame 1"]);
    found.expect_reason(Question::SynAckAcknowledgment, &["no SYN-ACK", "frame 1"]);
}

#[test]
fn only_server_to_client() {
    let mut recording = ethernet();
    let mut chat = chat();
    chat.syn();
    let syn_ack = recording.add(&chat.syn_ack());
    recording.add(&chat.server_says(b"welcome"));

    let found = Found::of(&recording);
    found.expect_reason(Question::Syn, &["SYN itself is not in the capture"]);
    found.expect_syn_ack(0, syn_ack, ISN_B, ISN_A + 1);
    assert_eq!(
        found.analysis.roles.server.unwrap().who.to_string(),
        "10.20.30.3:5000"
    );
}

#[test]
fn a_syn_in_fragments() {
    let mut recording = ethernet();
    let mut chat = chat();
    let mut last = 0;
    for fragment in fragments(&chat.syn(), 0x4242, 16) {
        last = recording.add(&fragment);
    }
    assert_eq!(last, 2, "the SYN is in two fragments");
    let syn_ack = recording.add(&chat.syn_ack());
    recording.add(&chat.ack());

    let found = Found::of(&recording);
    let syn = found.answer(Question::Syn).as_ref().unwrap();
    assert_eq!((syn.value, syn.frame), (ISN_A.into(), last), "{found}");
    // The header stands in no single frame.
    assert_eq!(syn.offset(), None, "{found}");
    assert_eq!(syn.bytes, ISN_A.to_be_bytes(), "{found}");
    found.expect_syn_ack(0, syn_ack, ISN_B, ISN_A + 1);
}

#[test]
fn a_datagram_in_fragments() {
    let [client1, client2, _] = ipv6();
    for [from, to] in [[CLIENT1, CLIENT2], [client1, client2]] {
        let [from, to] = [on_port(from, 5000), on_port(to, 5000)];
        let long = datagram(from, to, 9, &[b'x'; 3000]);
        let pieces = fragments(&long, 9, 1400);
        for order in [[0, 1, 2], [2, 0, 1]] {
            let mut recording = ethernet();
            for index in order {
                recording.add(&pieces[index]);
            }
            // A second, whole one does not replace the first.
            recording.add(&datagram(from, to, 10, b"short"));
            let found = Found::of(&recording);
            for (question, value, length) in UDP_ANSWERS {
                let evidence = found.answer(question).as_ref().unwrap();
                assert_eq!((evidence.value, evidence.frame), (value, 3), "{found}");
                assert_eq!(evidence.bytes.len(), length, "{found}");
                match (question, evidence.offset()) {
                    // A header in the frame itself says what is in the fragments.
                    (Question::UdpProtocol, Some(offset)) => {
                        let octets = recording.octets(3);
                        assert_eq!(octets[offset], 17, "{found}");
                    }
                    (Question::UdpProtocol, None) => panic!("{found}"),
                    (_, offset) => assert_eq!(offset, None, "{found}"),
                }
            }
            let shown = found.analysis.datagram().unwrap();
            let header = shown.header(&found.analysis.traces[0]);
            let place = if from.is_ipv4() { 20 } else { 40 };
            assert_eq!(header, long[place..place + 8], "{found}");
        }
    }
}

#[test]
fn several_files() {
    let mut chat = chat();
    let mut second = Connection::new(CLIENT2, ISN_C, SERVER, ISN_D);
    let message = private_message();
    let [mut at_server, mut at_client1, mut at_client2] = [ethernet(), ethernet(), ethernet()];
    let packets = [chat.syn(), chat.syn_ack(), chat.ack()];
    let others = [second.syn(), second.syn_ack(), second.ack()];
    // client1 sees its own packets first, the server a little later.
    at_client1.wait(10);
    at_server.wait(11);
    at_client2.wait(20);
    for packet in &packets {
        at_client1.add(packet);
        at_server.add(packet);
    }
    at_client1.wait(10);
    at_server.wait(10);
    for packet in &others {
        at_server.add(packet);
        at_client2.add(packet);
    }
    at_client1.add(&message);
    at_client2.add(&message);

    let first = Handshake {
        syn: 1,
        syn_ack: 2,
        ack: 3,
    };
    let files = [
        ("chatserver.pcap", &at_server),
        ("client1.pcap", &at_client1),
        ("client2.pcap", &at_client2),
    ];
    let found = Found::given(&Given::default(), &files);
    found.expect_tcp(1, first, ISN_A, ISN_B);
    found.expect_udp(1, 4);

    // Without client1's own capture the server's shows its connection, client2's the message.
    let found = Found::given(&Given::default(), &[files[0], files[2]]);
    found.expect_tcp(0, first, ISN_A, ISN_B);
    found.expect_udp(1, 4);

    // client2's capture alone shows who is who, and that the connection is another one's.
    let found = Found::given(&Given::default(), &[files[2]]);
    for question in TCP_QUESTIONS {
        found.expect_reason(
            question,
            &[
                "client1 (10.20.30.11)",
                "10.20.30.12 connects in frame 1",
                "--client1 10.20.30.12",
            ],
        );
    }
    found.expect_udp(0, 4);

    // Asked for client2, the same capture answers.
    let given = Given {
        client1: Some(CLIENT2.ip()),
        ..Given::default()
    };
    Found::given(&given, &[files[2]]).expect_tcp(0, first, ISN_C, ISN_D);
}

#[test]
fn a_file_that_begins_with_another_connection() {
    let [mut early, mut late] = [ethernet(), ethernet()];
    let handshake = chat().open(&mut early);
    late.wait(60_000);
    next_chat().open(&mut late);

    let files = [("late.pcap", &late), ("early.pcap", &early)];
    let found = Found::given(&Given::default(), &files);
    found.expect_tcp(1, handshake, ISN_A, ISN_B);
    found.expect_note(&["late.pcap begins with another connection", "frame 1"]);
}

#[test]
fn half_a_handshake_in_one_file_and_all_of_it_in_another() {
    let mut chat = chat();
    let [mut half, mut whole] = [ethernet(), ethernet()];
    half.add(&chat.syn());
    whole.wait(1);
    let handshake = self::chat().open(&mut whole);
    let files = [("half.pcap", &half), ("whole.pcap", &whole)];
    Found::given(&Given::default(), &files).expect_tcp(1, handshake, ISN_A, ISN_B);
}

#[test]
fn roles_by_hand() {
    let server = v4([192, 0, 2, 1], 9000);
    let [one, two] = [v4([192, 0, 2, 10], 40_000), v4([192, 0, 2, 20], 40_001)];
    let mut recording = ethernet();
    Connection::new(one, ISN_C, server, ISN_D).open(&mut recording);
    let handshake = Connection::new(two, ISN_A, server, ISN_B).open(&mut recording);
    recording.add(&datagram(
        on_port(two, 6000),
        on_port(one, 6001),
        1,
        b"hello",
    ));

    let found = Found::of(&recording);
    found.expect_reason(Question::Syn, &["no TCP connection to port 5000"]);
    assert_eq!(
        found.analysis.other_server().unwrap().to_string(),
        "192.0.2.1:9000"
    );

    let given = Given {
        server: Some(server.ip()),
        port: Some(9000),
        client1: Some(two.ip()),
        client2: Some(one.ip()),
    };
    let found = Found::given(&given, &[("capture.pcap", &recording)]);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_no_notes();
    // Between two clients that were named, datagrams on any port are the chat's.
    let fields = found.answer(Question::UdpFields).as_ref().unwrap();
    assert_eq!(fields.frame, 7, "{found}");

    // A server that is not there.
    let given = Given {
        server: Some(IpAddr::from([192, 0, 2, 77])),
        client1: Some(two.ip()),
        ..given
    };
    let found = Found::given(&given, &[("capture.pcap", &recording)]);
    found.expect_reason(Question::Syn, &["192.0.2.20", "192.0.2.77:9000"]);
}

#[test]
fn numbers_that_wrap() {
    let mut recording = ethernet();
    let mut chat = Connection::new(CLIENT1, u32::MAX, SERVER, 0xffff_fffe);
    let handshake = chat.open(&mut recording);
    chat.talk(&mut recording);

    let found = Found::of(&recording);
    found.expect_number(Question::Syn, 0, handshake.syn, u32::MAX);
    found.expect_number(Question::SynAck, 0, handshake.syn_ack, 0xffff_fffe);
    // Zero stands in many places of a frame.
    let ack = found
        .answer(Question::SynAckAcknowledgment)
        .as_ref()
        .unwrap();
    assert_eq!((ack.value, ack.offset()), (0, Some(14 + 20 + 8)), "{found}");
    assert_eq!(ack.bytes, [0; 4]);
    assert!(ack.why.contains("4294967295 + 1"), "{}", ack.why);
    let flow = &found.analysis.traces[0].flows.tcp()[0];
    assert_eq!(flow.handshake().ack.unwrap().frame, handshake.ack);
}

#[test]
fn two_servers_on_the_port() {
    let other = v4([10, 20, 30, 4], 5000);
    let mut recording = ethernet();
    Connection::new(CLIENT2, ISN_C, other, ISN_D).open(&mut recording);
    let handshake = chat().open(&mut recording);

    // The one that client1 talks to is the one that is asked for.
    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);

    let given = Given {
        client1: Some(CLIENT2.ip()),
        ..Given::default()
    };
    let found = Found::given(&given, &[("capture.pcap", &recording)]);
    let first = Handshake {
        syn: 1,
        syn_ack: 2,
        ack: 3,
    };
    found.expect_tcp(0, first, ISN_C, ISN_D);

    let given = Given {
        server: Some(other.ip()),
        ..Given::default()
    };
    let found = Found::given(&given, &[("capture.pcap", &recording)]);
    found.expect_reason(
        Question::Syn,
        &[
            "no connection of client1",
            "10.20.30.12 connects in frame 1",
        ],
    );
}

#[test]
fn a_server_that_refuses_beside_one_that_answers() {
    let other = v4([10, 20, 30, 4], 5000);
    let mut recording = ethernet();
    Connection::new(on_port(CLIENT1, 40_000), ISN_C, other, 0).fail(&mut recording);
    let handshake = chat().open(&mut recording);
    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_note(&["frames 1-2", "other ports or hosts"]);
}

#[test]
fn client1_with_another_address() {
    let client = v4([172, 17, 0, 9], 40_000);
    let mut recording = ethernet();
    let handshake = Connection::new(client, ISN_A, SERVER, ISN_B).open(&mut recording);
    Connection::new(CLIENT2, ISN_C, SERVER, ISN_D).open(&mut recording);

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    let roles = &found.analysis.roles;
    assert_eq!(roles.client1.unwrap().who, client.ip());
    assert_eq!(roles.client2.unwrap().who, CLIENT2.ip());
    assert_eq!(roles.client2.unwrap().how, How::NextInitiator);
}

#[test]
fn simultaneous_open() {
    // RFC 9293 §3.5: both send a SYN, both answer the other's.
    let mut recording = ethernet();
    let mut chat = chat();
    let syn = recording.add(&chat.syn());
    let mut crossing = chat.segment(false, SYN, b"");
    (crossing.seq, crossing.ack) = (ISN_B, 0);
    recording.add(&crossing.packet());
    let mut answer = chat.segment(true, SYN | ACK, b"");
    answer.seq = ISN_A;
    recording.add(&answer.packet());
    let syn_ack = recording.add(&chat.syn_ack());
    chat.talk(&mut recording);

    let found = Found::of(&recording);
    found.expect_number(Question::Syn, 0, syn, ISN_A);
    found.expect_syn_ack(0, syn_ack, ISN_B, ISN_A + 1);
    // Nobody sent the same SYN again.
    assert!(
        !found
            .analysis
            .notes
            .iter()
            .any(|note| note.contains("was sent")),
        "{found}"
    );
}

#[test]
fn a_syn_ack_before_its_syn() {
    let mut recording = ethernet();
    let mut chat = chat();
    let syn_ack = recording.add(&chat.syn_ack());
    let syn = recording.add(&chat.syn());
    let ack = recording.add(&chat.ack());

    let found = Found::of(&recording);
    found.expect_tcp(0, Handshake { syn, syn_ack, ack }, ISN_A, ISN_B);
    assert_eq!(found.analysis.traces[0].flows.tcp().len(), 1);
}

#[test]
fn a_syn_overrules_what_a_stray_syn_ack_suggests() {
    let mut recording = ethernet();
    let mut chat = chat();
    let mut stray = chat.segment(true, SYN | ACK, b"");
    (stray.seq, stray.ack) = (ISN_A, 1);
    recording.add(&stray.packet());
    let handshake = chat.open(&mut recording);
    Found::of(&recording).expect_tcp(0, handshake, ISN_A, ISN_B);
}

#[test]
fn a_syn_ack_that_answers_no_syn() {
    // A forged or stale SYN-ACK acknowledges another number.
    let mut recording = ethernet();
    let mut chat = chat();
    let syn = recording.add(&chat.syn());
    let mut stale = chat.segment(false, SYN | ACK, b"");
    (stale.seq, stale.ack) = (ISN_C, ISN_D);
    recording.add(&stale.packet());
    let syn_ack = recording.add(&chat.syn_ack());
    let ack = recording.add(&chat.ack());
    let found = Found::of(&recording);
    found.expect_tcp(0, Handshake { syn, syn_ack, ack }, ISN_A, ISN_B);
}

#[test]
fn a_connection_that_is_reset_after_its_handshake_was_not_refused() {
    let mut recording = ethernet();
    let mut chat = chat();
    let handshake = chat.open(&mut recording);
    recording.add(&chat.segment(false, RST, b"").packet());
    next_chat().open(&mut recording);
    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_no_notes();
}

#[test]
fn a_snap_length_that_cuts_headers() {
    let tcp = 14 + 20;
    for snap in tcp..tcp + frames::TCP_HEADER + 12 {
        let mut recording = ethernet().snapped(snap);
        let handshake = chat().open(&mut recording);
        let found = Found::of(&recording);
        let notices = &found.analysis.traces[0].notices;
        let notices: Vec<String> = notices.iter().map(ToString::to_string).collect();
        assert!(
            notices
                .iter()
                .any(|notice| notice.contains("cut by the snap length")),
            "{notices:?}"
        );
        if snap >= tcp + 16 {
            // As far as the window: Wireshark gives the flow a number, and the answers are there.
            found.expect_tcp(0, handshake, ISN_A, ISN_B);
        } else {
            for question in TCP_QUESTIONS {
                found.expect_reason(question, &["no TCP connection to port 5000", "snap length"]);
            }
        }
    }
}

#[test]
fn a_snap_length_that_cuts_datagrams() {
    let udp = 14 + 20;
    for snap in udp..udp + 8 + 5 {
        let mut recording = ethernet().snapped(snap);
        let message = recording.add(&private_message());
        let found = Found::of(&recording);
        if snap >= udp + 8 {
            found.expect_udp(0, message);
        } else {
            found.expect_reason(Question::UdpFields, &["no UDP datagram"]);
        }
    }
}

#[test]
fn nothing_of_the_lab() {
    let mut recording = ethernet();
    let [client, server] = [v4([192, 0, 2, 1], 40_000), v4([192, 0, 2, 2], 443)];
    Connection::new(client, ISN_A, server, ISN_B).open(&mut recording);
    let found = Found::of(&recording);
    assert!(!found.analysis.has_chat());
    for question in Question::ALL {
        assert!(found.answer(question).is_err(), "{found}");
    }
    assert_eq!(found.analysis.handshakes().count(), 1);

    let empty = ethernet();
    let found = Found::of(&empty);
    assert!(!found.analysis.has_chat());
    found.expect_reason(Question::Syn, &["no TCP connection"]);
}

/// The client asks for the server's name from the chat's port, and shouts to the whole network.
#[test]
fn datagrams_on_the_port_that_are_no_chat() {
    let mut recording = ethernet();
    let client1 = on_port(CLIENT1, 5000);
    let name_server = v4([10, 20, 30, 2], 53);
    recording.add(&datagram(client1, name_server, 1, &[0; 30]));
    recording.add(&datagram(name_server, client1, 2, &[0; 46]));
    for all in [[255, 255, 255, 255], [239, 1, 2, 3]] {
        recording.add(&datagram(client1, v4(all, 5000), 3, b"who is there"));
    }
    let handshake = chat().open(&mut recording);
    let other = v4([10, 20, 30, 13], 33_333);
    recording.add(&datagram(other, client1, 4, b"from another port"));
    let message = recording.add(&private_message());

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    found.expect_udp(0, message);
    assert_eq!(found.analysis.roles.client2.unwrap().who, CLIENT2.ip());
}

#[test]
fn only_datagrams_that_are_no_chat() {
    let mut recording = ethernet();
    let client1 = on_port(CLIENT1, 5000);
    recording.add(&datagram(client1, v4([10, 20, 30, 2], 53), 1, &[0; 30]));
    chat().open(&mut recording);

    let found = Found::of(&recording);
    for (question, ..) in UDP_ANSWERS {
        found.expect_reason(question, &["no UDP datagram"]);
    }
    assert!(found.analysis.roles.client2.is_none());
}

/// TCP Fast Open: the SYN brings data, and the SYN-ACK acknowledges it with the SYN or without.
#[test]
fn a_syn_with_data() {
    for acknowledged in [0, 5] {
        let mut recording = ethernet();
        let mut chat = chat();
        let mut syn = chat.segment(true, SYN, b"alice");
        (syn.seq, syn.ack) = (ISN_A, 0);
        let syn = recording.add(&syn.packet());
        let mut syn_ack = chat.segment(false, SYN | ACK, b"");
        syn_ack.seq = ISN_B;
        syn_ack.ack = ISN_A + 1 + acknowledged;
        let syn_ack = recording.add(&syn_ack.packet());

        let found = Found::of(&recording);
        found.expect_number(Question::Syn, 0, syn, ISN_A);
        found.expect_syn_ack(0, syn_ack, ISN_B, ISN_A + 1 + acknowledged);
        let why = &found
            .answer(Question::SynAckAcknowledgment)
            .as_ref()
            .unwrap()
            .why;
        assert!(why.contains(&format!("client's ISN {ISN_A} + 1")), "{why}");
        assert_eq!(why.contains("+ 5: "), acknowledged == 5, "{why}");
    }
}

#[test]
fn a_server_on_another_port_is_suggested() {
    let mut recording = ethernet();
    let server = on_port(SERVER, 6000);
    Connection::new(CLIENT1, ISN_A, server, ISN_B).open(&mut recording);
    recording.add(&private_message());

    let found = Found::of(&recording);
    for question in TCP_QUESTIONS {
        found.expect_reason(question, &["port 5000", "`--server 10.20.30.3:6000`"]);
    }
}

/// All of the lab on one host: its role does not tell the ends of a connection apart.
#[test]
fn client_and_server_on_one_host() {
    let mut recording = ethernet();
    let [client, server] = [41_000, 5000].map(|port| v4([127, 0, 0, 1], port));
    let handshake = Connection::new(client, ISN_A, server, ISN_B).open(&mut recording);
    recording.add(&datagram(server, server, 1, b"to myself"));

    let found = Found::of(&recording);
    found.expect_tcp(0, handshake, ISN_A, ISN_B);
    let why = &found.answer(Question::Syn).as_ref().unwrap().why;
    assert!(
        why.contains("first SYN of client1 (127.0.0.1:41000)"),
        "{why}"
    );
    let text = report::text(&found.analysis, &Layout::new(None));
    let lines: Vec<&str> = text.lines().collect();
    let is_loop = |pair: &[&str]| pair[0].contains("UDP ┌╌╌│") && pair[1].contains("└╌▶│");
    assert!(lines.windows(2).any(is_loop), "{text}");
}

/// Names of files come from outside, also in notes.
#[test]
fn no_name_reaches_the_terminal_as_it_is() {
    let mut first = ethernet();
    chat().open(&mut first);
    let mut second = ethernet();
    next_chat().open(&mut second);
    let found = Found::given(
        &Given::default(),
        &[("a\u{1b}[2J", &first), ("b\u{1b}[2J", &second)],
    );
    found.expect_note(&["begins with another connection"]);
    let text = report::text(&found.analysis, &Layout::new(None));
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

/// As in Wireshark, a length field that does not even count the header makes no datagram.
#[test]
fn a_datagram_whose_length_lies() {
    let mut recording = ethernet();
    chat().open(&mut recording);
    for (port, length) in [(6001, 0), (6002, 7)] {
        let mut wrong = datagram(on_port(CLIENT1, 5000), on_port(CLIENT2, port), 1, b"hello");
        wrong[25] = length;
        recording.add(&wrong);
    }
    let message = recording.add(&private_message());

    let found = Found::of(&recording);
    found.expect_udp(0, message);
    assert_eq!(found.analysis.datagram().unwrap().flow.flow.index, 0);
}
