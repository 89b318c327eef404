//! A hand-in that is a zip file.
//!
//! The `zip` crate reads the directory; the files are read where they stand, so that a capture is a
//! stream and nothing is written anywhere.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use zip::{CompressionMethod, ZipArchive};

use super::file::{Member, Place};
use super::{Contents, File, Limits, Remark, is_archive, is_hidden};

/// Octets that are read to find and read the directory of a zip: that of ten thousand files has one
/// million. Without it a file of zeros that calls itself zip is searched from end to start, and the
/// directory of a million files is kept.
const DIRECTORY_OCTETS: u64 = 4 << 20;

/// Lists the files of a zip.
pub(super) fn contents(path: &Path, limits: &Limits) -> Contents {
    let mut contents = Contents::default();
    if let Err(cause) = list(path, limits, &mut contents) {
        let text = format!("the zip file cannot be read: {cause}");
        contents.remarks.push(Remark::new("bad-zip", text));
    }
    contents
}

fn list(path: &Path, limits: &Limits, contents: &mut Contents) -> Result<(), String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let file = Metered {
        file,
        left: DIRECTORY_OCTETS,
    };
    let mut archive = ZipArchive::new(file).map_err(|error| error.to_string())?;
    let budget = Arc::new(AtomicU64::new(limits.hand_in_octets));
    let mut seen = 0_usize;
    for index in 0..archive.len() {
        let entry = archive
            .by_index_raw(index)
            .map_err(|error| error.to_string())?;
        let name = String::from_utf8_lossy(entry.name_raw()).replace('\\', "/");
        if entry.is_dir() || name.split('/').any(is_hidden_part) {
            continue;
        }
        seen += 1;
        if seen > limits.files {
            let text = format!(
                "has more than {} files; the others were not read",
                limits.files
            );
            contents.remarks.push(Remark::new("too-many-files", text));
            break;
        }
        let deflated = match entry.compression() {
            CompressionMethod::Stored => Some(false),
            CompressionMethod::Deflated => Some(true),
            _ => None,
        };
        if leaves_the_folder(&name) {
            contents.pass_over(
                "outside",
                &name,
                "has a path that leaves the folder; it was not read",
            );
        } else if name.split('/').count() > limits.depth.saturating_add(1) {
            let text = format!(
                "is more than {} folders deep; it was not read",
                limits.depth
            );
            contents.pass_over("too-deep", &name, text);
        } else if entry.is_symlink() {
            contents.pass_over("link", &name, "is a symbolic link, which is not followed");
        } else if entry.encrypted() {
            contents.pass_over("encrypted", &name, "is encrypted; it was not read");
        } else if is_archive(&name) {
            let text = "is an archive within the hand-in; it was not opened";
            contents.pass_over("nested-archive", &name, text);
        } else if let (Some(deflated), Some(start)) = (deflated, entry.data_start()) {
            let member = Member {
                start,
                compressed: entry.compressed_size(),
                deflated,
                crc: entry.crc32(),
            };
            if entry.size() > limits.file_octets {
                let text = format!(
                    "has more than {} octets; what is beyond was not read",
                    limits.file_octets
                );
                contents.pass_over("too-large", &name, text);
            }
            let file = File::new(name, path, Place::Member(member), limits, &budget);
            contents.files.push(file);
        } else {
            let text = "is compressed in a way that is not read (only stored and deflated are)";
            contents.pass_over("compression", &name, text);
        }
    }
    Ok(())
}

/// `..` is no hidden file: it leads out of the folder.
fn is_hidden_part(part: &str) -> bool {
    part != ".." && part != "." && is_hidden(part)
}

/// Whether a name would be written outside of the folder that a zip is unpacked to.
fn leaves_the_folder(name: &str) -> bool {
    let has_drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    has_drive
        || name.starts_with('/')
        || name.contains('\0')
        || name.split('/').any(|part| part == "..")
}

/// A file of which only so many octets can be read.
struct Metered {
    file: fs::File,
    left: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(io::Error::other(format!(
                "no directory within {DIRECTORY_OCTETS} octets"
            ))),
        }
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
