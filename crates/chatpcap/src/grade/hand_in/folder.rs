//! A hand-in that is a folder.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::file::Place;
use super::{Contents, File, Limits, is_archive, is_hidden};

/// Lists the files of a folder and of those in it.
pub(super) fn contents(folder: &Path, limits: &Limits) -> Contents {
    let mut contents = Contents::default();
    let mut walk = Walk {
        contents: &mut contents,
        limits,
        budget: Arc::new(AtomicU64::new(limits.hand_in_octets)),
        seen: 0,
    };
    walk.folder(folder, "", 0);
    if walk.seen > limits.files {
        let text = format!(
            "has more than {} files; the others were not read",
            limits.files
        );
        contents
            .remarks
            .push(super::Remark::new("too-many-files", text));
    }
    contents
}

struct Walk<'a> {
    contents: &'a mut Contents,
    limits: &'a Limits,
    budget: Arc<AtomicU64>,
    /// Entries that were looked at, folders and what is passed over included.
    seen: usize,
}

impl Walk<'_> {
    /// Adds the files of one folder; `prefix` is its path in the hand-in.
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let entries = match entries(folder, self.limits.files) {
            Ok(entries) => entries,
            Err(error) => {
                let text = format!("cannot be read: {error}");
                return self.contents.pass_over("unreadable", prefix, text);
            }
        };
        for entry in entries {
            let own = entry.file_name().to_string_lossy().into_owned();
            if is_hidden(&own) {
                continue;
            }
            self.seen += 1;
            if self.seen > self.limits.files {
                return;
            }
            let name = if prefix.is_empty() {
                own
            } else {
                format!("{prefix}/{own}")
            };
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => {
                    self.contents.pass_over(
                        "link",
                        &name,
                        "is a symbolic link, which is not followed",
                    );
                }
                Ok(kind) if kind.is_dir() && depth < self.limits.depth => {
                    self.folder(&path, &name, depth + 1);
                }
                Ok(kind) if kind.is_dir() => {
                    let text = format!(
                        "is more than {} folders deep; it was not read",
                        self.limits.depth
                    );
                    self.contents.pass_over("too-deep", &name, text);
                }
                Ok(kind) if kind.is_file() => self.file(name, &path),
                Ok(_) => {
                    let text = "is a device, pipe or socket; it was not read";
                    self.contents.pass_over("special-file", &name, text);
                }
                Err(error) => {
                    let text = format!("cannot be read: {error}");
                    self.contents.pass_over("unreadable", &name, text);
                }
            }
        }
    }

    fn file(&mut self, name: String, path: &Path) {
        if is_archive(&name) {
            let text = "is an archive within the hand-in; it was not opened";
            return self.contents.pass_over("nested-archive", &name, text);
        }
        if path
            .metadata()
            .is_ok_and(|file| file.len() > self.limits.file_octets)
        {
            let text = format!(
                "has more than {} octets; what is beyond was not read",
                self.limits.file_octets
            );
            self.contents.pass_over("too-large", &name, text);
        }
        let file = File::new(name, path, Place::Whole, self.limits, &self.budget);
        self.contents.files.push(file);
    }
}

/// The first entries of a folder, more than `limit` by one at most, in the order of their names.
fn entries(folder: &Path, limit: usize) -> io::Result<Vec<fs::DirEntry>> {
    let listed = fs::read_dir(folder)?.take(limit.saturating_add(1));
    let mut entries = listed.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}
