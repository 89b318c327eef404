//! Display filters: any text is compiled, or refused at a place in it; then it is asked about frames.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use chatpcap::capture::Capture;
use chatpcap::field::Needs;
use chatpcap::filter::Filter;
use chatpcap::trace::Pass;
use unicode_width::UnicodeWidthStr as _;

use crate::frames::Link;
use crate::recording::{FileFormat, Recorded, Recording, START};
use crate::whole_frames::whole_frames;

/// Frames of every kind: what filters are asked about.
static FRAMES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut recording = Recording::new(Link::Ethernet);
    // Every link type is met once among the first, and every kind of packet among the others.
    recording.frames = (0..)
        .zip(whole_frames())
        .filter(|(number, _)| number % 7 == 0)
        .map(|(number, (link_type, octets))| Recorded {
            time: START + number,
            link_type,
            original: u32::try_from(octets.len()).unwrap(),
            octets,
        })
        .collect();
    recording.file(FileFormat::Pcapng { big_endian: false })
});

/// Compiles a text and asks what came of it about frames.
pub fn check(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    match Filter::new(&text) {
        Ok(filter) => {
            let capture = Capture::from_reader(Cursor::new(FRAMES.clone())).unwrap();
            let mut pass = Pass::new(capture, Some(&filter), Needs::Frame);
            let mut selected = 0;
            pass.run(&mut |_| (), &mut |_, _| {
                selected += 1;
                ControlFlow::Continue(())
            });
            assert!(selected <= pass.frames());
        }
        Err(error) => {
            assert!(!error.message.is_empty());
            assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            assert!(error.column() <= text.chars().count() + 1, "{error:?}");
            let [above, below] = error.excerpt();
            assert!(!above.contains(|c: char| c.is_control()), "{above:?}");
            assert!(below.width() <= above.width() + 1, "{above}\n{below}");
            assert!(
                !error.to_string().contains(|c: char| c.is_control()),
                "{error:?}"
            );
        }
    }
}

/// A filter of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let filters = [
        "tcp",
        "tcp.flags.syn == 1 && !(ip.addr == 10.20.30.0/24)",
        "tcp.port in {5000, 80..90} or udp.port not in {53}",
        "frame contains \"hello\" || frame contains 68:65",
        "frame matches \"(?i)h[ae]llo\\\\w+\"",
        "eth.src[0:3] == 02:00:00 and eth.dst[-1] == 1",
        "tcp.flags & 0x12 == 18",
        "tcp.len * 2 + 4 > udp.length - 1 % 3",
        "ip.proto == TCP xor ipv6",
        "ip.src != 10.0.0.1 and ip.dst ~= 10.0.0.1 and tcp.port === 5000 and tcp.port !== 1",
        "frame.time_relative > 0.5 and frame.number <= 7",
        "tcp.analysis.retransmission or tcp.stream eq 0",
        "dns.qry.name contains \"ttm\" and dns.flags.response == True",
        "chat.text contains \"hi\" or len(chat.text) > 3",
        "lower(chat.from) == \"bob\" or upper(chat.from) == \"BOB\"",
        "count(ip.addr) == 2 and max(tcp.port) > 1 or min(tcp.port) < 9 and abs(-1) == 1",
        "ipv6.addr == fd00::/8 or ipv6.src == fd00::11",
        "any tcp.port == 5000 and all ip.addr != 1.2.3.4",
        "tcp.port == ${x}",
        "@frame == 1",
        "frame.time == \"2026-11-22 18:33:13\"",
        "udp.checksum == 0xffff or tcp.window_size_scalefactor == -1",
        "ip.ttl ge 64 and ip.ttl le 0xff or ip.ttl lt 010 or ip.ttl gt 1 or ip.ttl ne 7",
    ];
    filters.map(|filter| filter.as_bytes().to_vec()).into()
}
