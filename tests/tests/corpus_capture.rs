//! Reads every capture of the corpus and compares with what tshark 4.0.17 counted.

use std::collections::BTreeMap;
use std::path::Path;

use chatpcap::capture::{Capture, LinkType, Timestamp};
use serde_json::Value;

/// What Wireshark calls the link types of the corpus (`WTAP_ENCAP_`).
const ENCAPSULATIONS: [(LinkType, &str); 16] = [
    (LinkType::ETHERNET, "1"),
    (LinkType::PPP, "4"),
    (LinkType::RAW_12, "7"),
    (LinkType::RAW_101, "7"),
    (LinkType::NULL, "15"),
    (LinkType::LOOP, "15"),
    (LinkType::PPP_HDLC, "19"),
    (LinkType::IEEE802_11, "20"),
    (LinkType::RADIOTAP, "23"),
    (LinkType::LINUX_SLL, "25"),
    (LinkType::CHDLC, "28"),
    (LinkType::IPV4, "129"),
    (LinkType::IPV6, "130"),
    (LinkType::NFLOG, "141"),
    (LinkType::IPOIB, "180"),
    (LinkType::LINUX_SLL2, "210"),
];

/// What we count in a capture, in the words of the facts.
#[derive(Default, PartialEq, Debug)]
struct Facts {
    packets: u64,
    wire_bytes: u64,
    cap_bytes: u64,
    first_ts: Option<String>,
    last_ts: Option<String>,
    min_ts: Option<String>,
    max_ts: Option<String>,
    encap: BTreeMap<String, u64>,
    notices: Vec<String>,
}

#[test]
fn counts_agree_with_tshark() {
    let Some(shared) = tests::shared() else {
        println!("skipped: no ../shared with the corpus");
        return;
    };
    let captures = shared.join("corpus/captures");
    let mut wrong = Vec::new();
    let mut compared = 0;
    for path in tests::files(&captures) {
        let name = path.strip_prefix(&captures).unwrap().display().to_string();
        let facts = std::fs::read_to_string(shared.join(format!("corpus/facts/{name}.json")));
        let Ok(facts) = facts else { continue };
        let facts: Value = serde_json::from_str(&facts).unwrap();
        compared += 1;
        if let Err(difference) = compare(&path, &facts) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    println!("{compared} captures compared");
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn compare(path: &Path, facts: &Value) -> Result<(), String> {
    let refused = facts["tshark_rc"] != 0;
    let complaint = facts["tshark_stderr"].to_string();
    let ours = match count(path) {
        Ok(ours) => ours,
        Err(_) if refused && facts["packets"] == 0 => return Ok(()),
        Err(error) => return Err(format!("not opened: {error}")),
    };
    if complaint.contains("network type") {
        // A link type that tshark does not know: we count its frames and name it.
        return if ours.packets > 0 {
            Ok(())
        } else {
            Err("no frames".to_owned())
        };
    }
    if refused && ours.notices.is_empty() {
        return Err(format!("no notice, tshark says {complaint}"));
    }
    if !refused
        && !ours
            .notices
            .iter()
            .all(|notice| notice.contains("on the wire"))
    {
        return Err(format!("tshark is content, we are not: {:?}", ours.notices));
    }
    if complaint.contains("Not enough data to handle option") {
        // Options that exceed their block are passed over, where tshark gives the file up.
        return Ok(());
    }
    let time = |key: &str| {
        facts[key]
            .as_str()
            .filter(|time| !time.is_empty())
            .map(str::to_owned)
    };
    let theirs = Facts {
        packets: facts["packets"].as_u64().unwrap(),
        wire_bytes: facts["wire_bytes"].as_u64().unwrap(),
        cap_bytes: facts["cap_bytes"].as_u64().unwrap(),
        first_ts: time("first_ts"),
        last_ts: time("last_ts"),
        min_ts: time("min_ts").map(|time| nearly(time, ours.min_ts.as_ref())),
        max_ts: time("max_ts").map(|time| nearly(time, ours.max_ts.as_ref())),
        encap: serde_json::from_value(facts["encap"].clone()).unwrap(),
        notices: ours.notices.clone(),
    };
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("\n  ours   {ours:?}\n  tshark {theirs:?}"))
    }
}

/// `ours` if `theirs` is less than a microsecond off: the facts compared times as floating point numbers to find
/// the least and the greatest, so that of times that differ by nanoseconds they may hold the other one.
fn nearly(theirs: String, ours: Option<&String>) -> String {
    let nanoseconds = |time: &str| time.replacen('.', "", 1).parse::<i128>().unwrap();
    match ours {
        Some(ours) if nanoseconds(ours).abs_diff(nanoseconds(&theirs)) < 1000 => ours.clone(),
        _ => theirs,
    }
}

fn count(path: &Path) -> Result<Facts, String> {
    let mut capture = Capture::open(path).map_err(|error| error.to_string())?;
    let mut facts = Facts::default();
    let mut times: Option<[Timestamp; 4]> = None;
    while let Some(frame) = capture.next_frame() {
        facts.packets += 1;
        assert_eq!(frame.number, facts.packets);
        facts.wire_bytes += u64::from(frame.original_length);
        facts.cap_bytes += frame.octets.len() as u64;
        if let Some(time) = frame.timestamp {
            let [first, _, low, high] = times.unwrap_or([time; 4]);
            times = Some([first, time, low.min(time), high.max(time)]);
        }
        let encapsulation = ENCAPSULATIONS
            .iter()
            .find(|(link_type, _)| *link_type == frame.link_type)
            .map_or_else(
                || frame.link_type.name().into_owned(),
                |(_, number)| (*number).to_owned(),
            );
        *facts.encap.entry(encapsulation).or_default() += 1;
    }
    assert!(capture.next_frame().is_none(), "the end is the end");
    if let Some(times) = times {
        let [first, last, low, high] =
            times.map(|time| Some(format!("{}.{:09}", time.seconds(), time.nanoseconds())));
        (facts.first_ts, facts.last_ts, facts.min_ts, facts.max_ts) = (first, last, low, high);
    }
    facts.notices = capture.notices().iter().map(ToString::to_string).collect();
    Ok(facts)
}
