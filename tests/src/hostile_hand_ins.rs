//! Hand-ins that somebody made to break what reads them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Cursor, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::recording::gzip;

/// More than is read of any file.
const HUGE: u64 = 5 << 30;
/// What a bomb of zeros grows to: more than is believed of a file of its size.
const BOMB: usize = 100 << 20;

/// Writes the hand-ins into `folder`, and says their names. `capture` is a good capture file.
pub fn write(folder: &Path, capture: &[u8]) -> Vec<String> {
    // A pcap header, and then records of no octets.
    let zeros = |octets: usize| {
        let mut file = capture[..24].to_vec();
        file.resize(octets, 0);
        file
    };
    let with_bomb = [("client1.pcap", zeros(BOMB))];
    archive(folder, "bomb", &with_bomb);
    archive(
        folder,
        "slip",
        &[
            ("../client1.pcap", capture.to_vec()),
            ("/tmp/client1.pcap", capture.to_vec()),
            ("C:\\client1.pcap", capture.to_vec()),
            ("a\\..\\..\\client1.pcap", capture.to_vec()),
        ],
    );
    archive(folder, "nested", &[("all.zip", zipped(&with_bomb))]);
    archive(
        folder,
        "terminal-zip",
        &[("\x1b[2Jclient1\n.pcap", capture.to_vec())],
    );

    let good = zipped(&[("client1.pcap", capture.to_vec())]);
    fs::write(folder.join("cut.zip"), &good[..good.len() - 30]).unwrap();
    fs::write(folder.join("encrypted.zip"), encrypted(&good)).unwrap();
    fs::write(folder.join("checksum.zip"), with_other_checksum(&good)).unwrap();
    fs::write(folder.join("nothing.zip"), b"").unwrap();
    fs::write(folder.join("text.zip"), b"here is my solution").unwrap();
    sparse(&folder.join("sparse.zip"), b"");
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("client1.pcap", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let link = link.finish().unwrap().into_inner();
    fs::write(folder.join("zip-link.zip"), link).unwrap();

    let make = |name: &str| {
        let path = folder.join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let links = make("links");
    symlink("/etc/passwd", links.join("client1.pcap")).unwrap();
    symlink("/", links.join("everything")).unwrap();
    symlink(".", links.join("circle")).unwrap();
    symlink("/", folder.join("folder-link")).unwrap();

    let special = make("special");
    drop(UnixListener::bind(special.join("client1.pcap")).unwrap());
    let pipe = special.join("client2.pcap");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());

    let sparse_folder = make("sparse");
    sparse(&sparse_folder.join("client1.pcap"), &capture[..24]);
    sparse(&sparse_folder.join("client2.pcap"), b"");
    fs::write(make("empty").join("client1.pcap"), b"").unwrap();
    make("no-files");
    fs::write(make("gzip").join("client1.pcap.gz"), gzip(&zeros(BOMB))).unwrap();

    let names = make("names\n\x1b]0;owned\x07=cmd()");
    fs::write(names.join("client1\n\x1b[31m.pcap"), capture).unwrap();
    let not_utf8 = folder.join(OsStr::from_bytes(b"latin-1-\xe9"));
    fs::create_dir(&not_utf8).unwrap();
    fs::write(
        not_utf8.join(OsStr::from_bytes(b"client1-\xff.pcap")),
        capture,
    )
    .unwrap();

    let many = make("many");
    for number in 0..1100 {
        fs::write(many.join(format!("{number}.txt")), b"").unwrap();
    }
    let deep = make("deep").join("a/".repeat(50));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("client1.pcap"), capture).unwrap();

    let hand_ins = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = hand_ins
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A zip file with these files.
pub fn zipped(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, octets) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(octets).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn archive(folder: &Path, name: &str, files: &[(&str, Vec<u8>)]) {
    fs::write(folder.join(format!("{name}.zip")), zipped(files)).unwrap();
}

/// A file that claims to have more octets than the disk.
fn sparse(path: &Path, start: &[u8]) {
    let mut file = File::create(path).unwrap();
    file.write_all(start).unwrap();
    file.set_len(HUGE).unwrap();
}

/// The zip file of one file, which says that the file is encrypted.
fn encrypted(zip: &[u8]) -> Vec<u8> {
    let mut zip = zip.to_vec();
    let local = 0;
    let central = central(&zip);
    zip[local + 6] |= 1;
    zip[central + 8] |= 1;
    zip
}

/// The zip file of one file, with another checksum for it.
fn with_other_checksum(zip: &[u8]) -> Vec<u8> {
    let mut zip = zip.to_vec();
    let central = central(&zip);
    zip[central + 16] ^= 1;
    zip
}

/// Where the entry of the directory starts.
fn central(zip: &[u8]) -> usize {
    let mut windows = zip.windows(4);
    windows.position(|window| window == b"PK\x01\x02").unwrap()
}
