//! tshark, to compare ours with what it says of a capture.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::recording::Recording;

/// What `tshark -T fields` prints of these columns, frame numbers first, with a header line; several
/// values have commas between them.
///
/// `None` where there is no tshark: a test that needs it says that it skips, and passes.
pub fn fields(recording: &Recording, columns: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.pcap");
    std::fs::write(&path, recording.pcap()).unwrap();
    let mut tshark = Command::new("tshark");
    tshark.args([
        "-n",
        "-T",
        "fields",
        "-E",
        "header=y",
        "-e",
        "frame.number",
        "-r",
    ]);
    tshark.arg(&path);
    for column in columns {
        tshark.args(["-e", column]);
    }
    run(tshark)
}

/// What `tshark -T fields` prints of these columns for the frames that a display filter selects, a line
/// a frame. `None` where there is no tshark.
pub fn rows(capture: &Path, filter: &str, columns: &[&str]) -> Option<Vec<String>> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-T", "fields", "-Y", filter, "-r"]);
    tshark.arg(capture);
    for column in columns {
        tshark.args(["-e", column]);
    }
    let printed = run(tshark)?;
    Some(printed.lines().map(str::to_owned).collect())
}

/// Frames with a checksum of IPv4, TCP or UDP that does not fit; what ICMP errors quote is left out.
/// `None` where there is no tshark.
pub fn wrong_checksums(capture: &Path) -> Option<u64> {
    let mut tshark = Command::new("tshark");
    for protocol in ["ip", "tcp", "udp"] {
        tshark.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    let wrong = "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0";
    let filter = format!("({wrong}) && !icmp && !icmpv6");
    tshark.args([
        "-n",
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-Y",
        &filter,
        "-r",
    ]);
    tshark.arg(capture);
    Some(run(tshark)?.lines().count() as u64)
}

/// How many frames each display filter selects; no filter may have a comma. `None` where there is no
/// tshark.
pub fn counts(capture: &Path, filters: &[String]) -> Option<Vec<u64>> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-q", "-r"]).arg(capture);
    tshark
        .arg("-z")
        .arg(format!("io,stat,0,{}", filters.join(",")));
    let printed = run(tshark)?;
    // | 0.000 <> 2.974 |      2 |   148 |      1 |   184 |: frames and octets of each filter.
    let row = printed.lines().find(|line| line.contains(" <> "))?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let frames = cells[2..].chunks_exact(2).map(|pair| pair[0].parse());
    let counts: Vec<u64> = frames.map(Result::unwrap).collect();
    assert_eq!(counts.len(), filters.len(), "{printed}");
    Some(counts)
}

fn run(mut tshark: Command) -> Option<String> {
    let output = match tshark.stderr(Stdio::null()).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    assert!(output.status.success(), "tshark: {}", output.status);
    Some(String::from_utf8(output.stdout).unwrap())
}
