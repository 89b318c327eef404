//! Hand-ins: what a folder of them holds, and their files.
//!
//! A hand-in is a sub-folder or a zip file. Nothing is unpacked to disk: the files of a zip are read
//! where they stand. Whatever is odd (links, devices, encrypted or nested archives, names that leave
//! the folder, more than the [`Limits`] allow) is a [`Remark`] on that hand-in, and is passed over.

mod file;
mod folder;
mod limits;
mod pattern;
mod zip;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use self::file::{File, Reader};
pub use self::limits::Limits;
pub use self::pattern::{PatternError, Patterns};
use super::Remark;

/// What a folder of hand-ins holds.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The hand-ins, in the order of their names' octets.
    pub hand_ins: Vec<HandIn>,
    /// Names of what is neither a sub-folder nor a zip file, in the same order, raw.
    pub others: Vec<String>,
}

/// One hand-in, not opened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandIn {
    /// The name of its folder, or of its zip file: without `.zip`, unless a folder has that name too.
    /// Raw; what is no UTF-8 is replaced.
    pub name: String,
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    Zip,
}

/// The files of a hand-in.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Regular files in the order of their names' octets. Hidden ones (`.git`, `.ipynb_checkpoints`,
    /// `__MACOSX`) are left out without a remark: systems and editors put them there.
    pub files: Vec<File>,
    /// What was passed over, and why.
    pub remarks: Vec<Remark>,
}

/// Lists the hand-ins of a folder.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_hidden(&name) {
            continue;
        }
        // Not that of what a link points to: a link leads out of the folder, or in circles.
        let kind = entry.file_type()?;
        let path = entry.path();
        let is_zip = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
        let (name, kind) = if kind.is_dir() {
            (name, Kind::Folder)
        } else if kind.is_file() && is_zip {
            let stem = path.with_extension("");
            let alone = !stem.is_dir();
            let shown = stem
                .file_name()
                .filter(|_| alone)
                .map(OsStr::to_string_lossy);
            (shown.map_or(name, Cow::into_owned), Kind::Zip)
        } else {
            listing.others.push(name);
            continue;
        };
        listing.hand_ins.push(HandIn { name, path, kind });
    }
    Ok(listing)
}

impl HandIn {
    /// The hand-in that a folder or a zip file by itself is.
    ///
    /// # Errors
    /// If it is neither, or cannot be looked at.
    pub fn at(path: &Path) -> io::Result<Self> {
        let kind = fs::metadata(path)?;
        let full = fs::canonicalize(path)?;
        let name = if kind.is_dir() {
            full.file_name()
        } else if kind.is_file() {
            full.file_stem()
        } else {
            return Err(io::Error::other("is neither a folder nor a zip file"));
        };
        Ok(Self {
            name: name.unwrap_or_default().to_string_lossy().into_owned(),
            path: path.to_owned(),
            kind: if kind.is_dir() {
                Kind::Folder
            } else {
                Kind::Zip
            },
        })
    }

    /// Where its folder or zip file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a zip file.
    pub fn is_zip(&self) -> bool {
        self.kind == Kind::Zip
    }

    /// Lists its files. What cannot be read is a remark.
    pub fn open(&self, limits: &Limits) -> Contents {
        let mut contents = match self.kind {
            Kind::Folder => folder::contents(&self.path, limits),
            Kind::Zip => zip::contents(&self.path, limits),
        };
        contents.files.sort_by(|a, b| a.name().cmp(b.name()));
        contents
    }
}

impl Contents {
    /// The files that any of the patterns means, in order.
    pub fn matching<'a>(&'a self, patterns: &'a Patterns) -> impl Iterator<Item = &'a File> {
        self.files
            .iter()
            .filter(|file| patterns.matches(file.name()))
    }

    fn pass_over(&mut self, kind: &'static str, file: &str, text: impl Into<String>) {
        self.remarks.push(Remark::new(kind, text).on(file));
    }
}

/// Whether systems and editors put a file or folder of this name there, and not the student.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX"
}

/// Whether a file's name says that it is an archive, which is not opened.
fn is_archive(name: &str) -> bool {
    const ENDS: [&str; 9] = [
        ".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".7z", ".rar",
    ];
    let name = name.to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end))
}
