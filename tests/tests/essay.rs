//! The facts of the essay, against tshark, and on captures that show less, more or something else.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use chatpcap::ask::{
    Analysis, Chosen, Citation, Cost, Essay, ExchangeKind, Given, Part, Share, Story,
};
use chatpcap::capture::Capture;
use chatpcap::trace::{Listener, Survey, Trace};
use tests::frames::{Link, datagram};
use tests::program::project;
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port, v4};
use tests::tshark;

const FOLDERS: [&str; 4] = ["accounts", "any", "ipv6", "python-lab"];

/// What captures show, and the surveys that it rests on.
struct Found {
    analysis: Analysis,
    surveys: Vec<Survey>,
    essay: Essay,
}

fn found(captures: Vec<Capture>) -> Found {
    let given = Given::default();
    let mut watch = given.watch(0);
    watch.verdicts = true;
    let (mut traces, mut speeches, mut surveys) = (Vec::new(), Vec::new(), Vec::new());
    for capture in captures {
        let mut listener = Listener::new(&watch);
        let mut survey = Survey::new(&watch);
        traces.push(Trace::read_and_show(
            "capture",
            capture,
            &watch,
            &mut |_| (),
            &mut |seen, sightings| {
                listener.observe(seen.frame, sightings);
                survey.observe(seen.frame, seen.packet, sightings);
            },
        ));
        speeches.push(listener.finish());
        surveys.push(survey);
    }
    let analysis = Analysis::new(traces, &given);
    let story = Story::new(&speeches);
    let essay = Essay::new(&analysis, &story, &surveys);
    Found {
        analysis,
        surveys,
        essay,
    }
}

fn of_files(paths: &[PathBuf]) -> Found {
    found(
        paths
            .iter()
            .map(|path| Capture::open(path).unwrap())
            .collect(),
    )
}

fn of(recording: &Recording) -> Found {
    found(vec![
        Capture::from_reader(Cursor::new(recording.pcap())).unwrap(),
    ])
}

fn lab(folder: &str) -> [PathBuf; 3] {
    ["chatserver", "client1", "client2"]
        .map(|name| project().join(format!("captures/{folder}/{name}.pcap")))
}

/// What tshark prints of these columns; says that the test skips where there is none.
fn rows(capture: &Path, filter: &str, columns: &[&str]) -> Option<Vec<String>> {
    let rows = tshark::rows(capture, filter, columns);
    if rows.is_none() {
        println!("skipped: no tshark");
    }
    rows
}

#[test]
fn lookups_are_those_that_tshark_pairs() {
    for path in FOLDERS.into_iter().flat_map(lab) {
        let columns = [
            "frame.number",
            "dns.response_to",
            "dns.qry.name",
            "dns.qry.type",
            "dns.time",
        ];
        let Some(expected) = rows(&path, "dns.response_to && udp.port == 53", &columns) else {
            return;
        };
        let found = of_files(std::slice::from_ref(&path));
        let mut ours: Vec<(u64, String)> = Vec::new();
        for lookup in &found.surveys[0].lookups.list {
            let (query, reply) = (lookup.query.unwrap(), lookup.reply.as_ref().unwrap());
            let (answer, question) = (reply.sent.frame, query.frame);
            let time = reply.sent.time.unwrap().since(query.time.unwrap());
            let row = format!(
                "{answer}\t{question}\t{}\t{}\t0.{time:09}",
                lookup.name, lookup.kind
            );
            ours.push((answer, row));
        }
        ours.sort();
        let ours: Vec<String> = ours.into_iter().map(|(_, row)| row).collect();
        assert_eq!(ours, expected, "{}", path.display());
    }
}

/// The connection and the messages: packets and octets of each layer as tshark has them, and every
/// citation selects in tshark what it says.
#[test]
fn costs_and_citations_are_as_tshark_counts() {
    for folder in FOLDERS {
        let paths = lab(folder);
        let Found { essay, .. } = of_files(&paths);
        for cost in [&essay.room, &essay.private] {
            let cost = cost
                .as_ref()
                .unwrap_or_else(|| panic!("{folder}: no message"));
            if !check_octets(&paths[cost.trace], &cost.citation(), cost.octets().total()) {
                return;
            }
        }
        let effort = essay.effort.as_ref().unwrap();
        for share in [
            &effort.opening,
            &effort.data,
            &effort.acknowledging,
            &effort.closing,
        ] {
            let citation = effort.citation(share);
            check_octets(&paths[effort.trace], &citation, share.octets.total());
        }
        let is_of_flow = format!("tcp.stream == {}", effort.flow);
        let count = |filter: &str| {
            let filter = format!("{is_of_flow} && {filter}");
            rows(&paths[effort.trace], &filter, &["frame.number"])
                .map_or(0, |rows| rows.len() as u64)
        };
        assert_eq!(effort.data.packets, count("tcp.len > 0"), "{folder}");
        let packets = |share: &Share| share.packets;
        let all = packets(&effort.opening)
            + packets(&effort.data)
            + packets(&effort.acknowledging)
            + packets(&effort.closing);
        let copies = count("tcp.analysis.retransmission || tcp.analysis.duplicate_ack");
        assert_eq!(all + copies, count("frame"), "{folder}");
        let ends = count("(tcp.flags.fin == 1 || tcp.flags.reset == 1)");
        assert!(
            (ends..=ends + 1).contains(&effort.closing.packets),
            "{folder}"
        );

        for exchange in &essay.exchanges {
            for citation in &exchange.citations {
                let columns = ["frame.number"];
                let rows = rows(&paths[citation.trace], &citation.filter(), &columns).unwrap();
                let frames: Vec<String> = citation.frames.iter().map(u64::to_string).collect();
                assert_eq!(rows, frames, "{folder}");
            }
        }
    }
}

/// Whether the frames of a citation have so many octets; `false` without tshark. Padding to Ethernet's
/// least length is not counted.
fn check_octets(path: &Path, citation: &Citation, octets: u64) -> bool {
    let filter = citation.filter();
    let Some(rows) = rows(path, &filter, &["frame.len"]) else {
        return false;
    };
    let lengths = rows.iter().map(|row| row.parse::<u64>().unwrap());
    assert_eq!(lengths.sum::<u64>(), octets, "{}: {filter}", path.display());
    true
}

#[test]
fn a_room_message_goes_through_the_server_and_a_private_one_does_not() {
    let part = |cost: &Cost, part| {
        let piece = cost.pieces.iter().find(|piece| piece.part == part);
        piece.map_or(0, |piece| piece.frames.len())
    };
    // Ours: a receipt, an acknowledgement of the datagram. The lab's dialect has neither.
    for (folder, receipts, acknowledgements) in [("accounts", 1, 1), ("python-lab", 0, 0)] {
        let Found { essay, .. } = of_files(&lab(folder));
        let (room, private) = (essay.room.unwrap(), essay.private.unwrap());
        assert_eq!(part(&room, Part::Said), 1);
        assert_eq!(part(&room, Part::Copies), 1);
        assert_eq!(part(&room, Part::Receipt), receipts);
        assert!(part(&room, Part::TcpAcknowledgements) > 0);
        assert_eq!(part(&private, Part::Said), 1);
        assert_eq!(part(&private, Part::Acknowledgement), acknowledgements);
        assert_eq!(part(&private, Part::TcpAcknowledgements), 0);
        assert_eq!(private.times(), 1);
        assert_eq!(room.times(), 2);
        assert_eq!(
            room.with_text_of(room.text_octets()),
            room.octets().total(),
            "{folder}"
        );
    }
    // Bare text: nothing but headers is added.
    let private = of_files(&lab("python-lab")).essay.private.unwrap();
    assert_eq!(private.overhead(), 14 + 20 + 8);
}

#[test]
fn ends_and_who_chose_their_ports() {
    let Found { essay, .. } = of_files(&lab("accounts"));
    let ends: Vec<String> = essay
        .ends
        .list
        .iter()
        .map(|end| {
            let transport = if end.is_tcp { "tcp" } else { "udp" };
            format!("{transport} {} {:?}", end.endpoint, end.chosen)
        })
        .collect();
    assert_eq!(
        ends,
        [
            "tcp 10.20.30.3:5000 Server",
            "tcp 10.20.30.11:56026 System",
            "tcp 10.20.30.12:48570 System",
            "udp 10.20.30.11:5000 Program",
            "udp 10.20.30.12:5000 Program",
            "udp 10.20.30.11:49811 System",
            "udp 10.20.30.2:53 Service",
            "udp 10.20.30.12:46231 System",
        ]
    );
    assert!(
        essay
            .ends
            .list
            .iter()
            .all(|end| end.chosen != Chosen::Server || end.peer.is_none())
    );
}

/// The server's own capture has no DNS and no private message: what it lacks is said to be missing.
#[test]
fn one_capture_shows_its_part() {
    let [server, client1, _] = lab("accounts");
    let Found { essay, .. } = of_files(&[server]);
    assert!(essay.resolution.lookups.is_empty());
    let silent: Vec<String> = essay
        .resolution
        .silent
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(silent, ["10.20.30.11", "10.20.30.12"]);
    assert!(essay.private.is_none());
    assert_eq!(essay.crowd.most, 2);
    let kinds: Vec<ExchangeKind> = essay.exchanges.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [ExchangeKind::Arrival, ExchangeKind::Room]);

    // The client's has its own connection only, and what it said without the copies.
    let Found { essay, .. } = of_files(&[client1]);
    assert_eq!(essay.crowd.most, 1);
    assert_eq!(essay.resolution.lookups.len(), 2);
    assert!(essay.resolution.silent.is_empty());
    assert_eq!(essay.exchanges.len(), 3);
}

#[test]
fn connections_are_those_that_tshark_sees_answered() {
    for path in FOLDERS.into_iter().flat_map(lab) {
        let filter = "tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.srcport == 5000";
        let Some(mut streams) = rows(&path, filter, &["tcp.stream"]) else {
            return;
        };
        streams.dedup();
        let Found { essay, .. } = of_files(std::slice::from_ref(&path));
        let members = essay.crowd.members.iter();
        let ours: Vec<String> = members.map(|member| member.flow.to_string()).collect();
        // In the lab all are open at the same time.
        assert_eq!(ours, streams, "{}", path.display());
        assert_eq!(essay.crowd.most, streams.len());
    }
}

#[test]
fn a_capture_without_the_chat_has_no_facts() {
    let mut recording = Recording::new(Link::Ethernet);
    let web = on_port(SERVER, 80);
    let mut connection = Connection::new(CLIENT1, 1, web, 2);
    connection.open(&mut recording);
    connection.close(&mut recording);
    let Found { essay, surveys, .. } = of(&recording);
    assert!(essay.room.is_none() && essay.private.is_none() && essay.effort.is_none());
    assert!(essay.exchanges.is_empty() && essay.crowd.members.is_empty());
    assert_eq!(surveys[0].sequences.largest().unwrap().flow, 0);
}

/// A DNS message: question, code, and for each answer its type and data.
fn dns(
    id: u16,
    is_response: bool,
    code: u8,
    name: &str,
    kind: u16,
    answers: &[(u16, Vec<u8>)],
) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([if is_response { 0x85 } else { 0x01 }, code]);
    message.extend([0, 1, 0, u8::try_from(answers.len()).unwrap(), 0, 0, 0, 0]);
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend([kind.to_be_bytes(), [0, 1]].concat());
    for (kind, data) in answers {
        message.extend([0xc0, 12]);
        message.extend([kind.to_be_bytes(), [0, 1]].concat());
        message.extend([0, 0, 0, 60]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    message
}

/// No such name, a repeated question, several addresses of both versions, no answer at all.
#[test]
fn answers_of_every_kind() {
    let client = on_port(CLIENT1, 40_000);
    let name_server = v4([10, 20, 30, 2], 53);
    let mut recording = Recording::new(Link::Ethernet);
    let mut ask = |id, name: &str, kind| {
        recording.add(&datagram(
            client,
            name_server,
            id,
            &dns(id, false, 0, name, kind, &[]),
        ))
    };
    ask(1, "www.wrong.example", 1);
    ask(2, "www.ttm4200.com", 1);
    ask(2, "www.ttm4200.com", 1);
    ask(3, "www.ttm4200.com", 28);
    ask(4, "silent.example", 1);
    let mut answer = |id, code, name: &str, kind, answers: &[(u16, Vec<u8>)]| {
        recording.add(&datagram(
            name_server,
            client,
            id,
            &dns(id, true, code, name, kind, answers),
        ))
    };
    answer(1, 3, "www.wrong.example", 1, &[]);
    let addresses = [(1, vec![10, 20, 30, 4]), (1, vec![10, 20, 30, 3])];
    answer(2, 0, "WWW.ttm4200.com", 1, &addresses);
    answer(2, 0, "www.ttm4200.com", 1, &[]);
    answer(3, 0, "www.ttm4200.com", 28, &[(28, [0xfd; 16].to_vec())]);
    let mut connection = Connection::new(CLIENT1, 1, SERVER, 2);
    connection.open(&mut recording);
    connection.talk(&mut recording);

    let Found { essay, surveys, .. } = of(&recording);
    let lookups = &surveys[0].lookups.list;
    assert_eq!(lookups.len(), 4);
    assert_eq!(lookups[0].reply.as_ref().unwrap().code, 3);
    assert_eq!(lookups[1].repeats, 1);
    assert_eq!(lookups[1].reply.as_ref().unwrap().records.len(), 2);
    assert!(lookups[3].reply.is_none());
    // Of these, those that the chat rests on.
    let told: Vec<u16> = essay
        .resolution
        .lookups
        .iter()
        .map(|it| it.lookup.id)
        .collect();
    assert_eq!(told, [2, 3]);
    let [first, second] = essay.resolution.lookups.as_slice() else {
        panic!("two lookups");
    };
    assert!(first.is_server && !second.is_server);
    assert_eq!(first.addresses().count(), 2);
    assert_eq!(essay.resolution.uses.len(), 1);
}

/// Connections that overlap by halves: at most so many at once, and the list is theirs.
#[test]
fn the_most_connections_at_once() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut open: Vec<Connection> = Vec::new();
    for round in 0..300_u16 {
        let mut connection = Connection::new(on_port(CLIENT2, 20_000 + round), 1, SERVER, 2);
        connection.open(&mut recording);
        open.push(connection);
        // The first 150 stay; then one ends whenever one begins.
        if round >= 150 {
            open.remove(0).close(&mut recording);
        }
    }
    let mut refused = Connection::new(on_port(CLIENT2, 19_000), 1, SERVER, 2);
    refused.fail(&mut recording);
    let Found {
        essay, analysis, ..
    } = of(&recording);
    assert_eq!(analysis.traces[0].flows.tcp().len(), 301);
    let crowd = &essay.crowd;
    assert_eq!((crowd.most, crowd.connections, crowd.failed), (151, 300, 1));
    assert_eq!(crowd.members.len() + crowd.more(), 151);
    assert!(
        crowd
            .members
            .windows(2)
            .all(|two| two[0].flow < two[1].flow)
    );
    assert_eq!(crowd.members[0].client.port, 20_000);
}

/// More of everything than is kept: what is left out is counted.
#[test]
fn floods_are_bounded() {
    let name_server = v4([10, 20, 30, 2], 53);
    let mut recording = Recording::new(Link::Ethernet);
    for id in 0..5000 {
        let question = dns(id, false, 0, "www.ttm4200.com", 1, &[]);
        recording.add(&datagram(CLIENT1, name_server, id, &question));
    }
    let mut connection = Connection::new(CLIENT1, 1, SERVER, 2);
    connection.open(&mut recording);
    for _ in 0..12_000 {
        recording.add(&connection.client_says(b"x"));
        recording.add(&connection.server_ack());
    }
    let Found { essay, surveys, .. } = of(&recording);
    let survey = &surveys[0];
    assert_eq!(
        survey.lookups.list.len() as u64 + survey.lookups.left_out,
        5000
    );
    assert!(survey.lookups.left_out > 0);
    assert_eq!(
        survey.packets.list.len() as u64 + survey.packets.left_out,
        24_003
    );
    assert!(survey.packets.left_out > 0);
    assert!(essay.effort.unwrap().is_part);
    assert!(essay.resolution.lookups.len() < 100 && essay.resolution.more > 0);
    let sequence = survey.sequences.get(0).unwrap();
    let course = &sequence.courses.forward;
    assert_eq!(course.data.count(), 12_001);
    assert!(course.data.dots().count() <= 2049);
    assert_eq!(sequence.octets, 12_000);
}
