//! tshark, to compare ours with what it says of a capture.

use std::io::ErrorKind;
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
    let output = match tshark.stderr(Stdio::null()).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    assert!(output.status.success(), "tshark: {}", output.status);
    Some(String::from_utf8(output.stdout).unwrap())
}
