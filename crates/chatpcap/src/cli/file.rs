//! Files that the program writes: never one that it reads, and never half.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chatpcap::report::safe;
use same_file::Handle;
use tempfile::Builder;

use super::output::Failure;

/// The name of a file as a terminal may show it.
pub(super) fn shown(path: &Path) -> String {
    safe(&path.display().to_string())
}

/// Refuses to write a file that is read, also through a link, or where the shell opens it.
pub(super) fn check(path: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    // A named pipe must not be opened twice.
    let handle = |path: &Path| {
        let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
        is_file.then(|| Handle::from_path(path).ok()).flatten()
    };
    let output = handle(path);
    let is_same = |input: &PathBuf| {
        let input = if input.as_os_str() == "-" {
            Handle::stdin().ok()
        } else {
            handle(input)
        };
        input.is_some() && input == output
    };
    if inputs.iter().any(is_same) {
        let name = shown(path);
        return Err(Failure::new(format!(
            "{name} is read: it cannot be written at the same time"
        )));
    }
    Ok(())
}

/// Writes a whole file, or leaves what was there: the octets go into a new file beside it, which then
/// takes its place. A pipe or a device is written to as it is.
pub(super) fn write(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    put(path, octets).map_err(|error| cannot_write(path, &error))
}

/// Why a file is not written, in words.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let name = shown(path);
    Failure::new(format!("{name}: cannot write: {error}"))
}

fn put(path: &Path, octets: &[u8]) -> io::Result<()> {
    let before = path.metadata().ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return fs::write(path, octets);
    }
    // Where the name is a link, what it leads to is replaced, not the link.
    let place = match before {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_owned(),
    };
    let folder = place
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".chatpcap-");
    permissions(&mut builder, before.as_ref());
    let mut file = match builder.tempfile_in(folder) {
        // A file that may be written in a folder that may not.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && before.is_some() => {
            return File::create(&place)?.write_all(octets);
        }
        file => file?,
    };
    file.write_all(octets)?;
    file.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

/// Those of the file that is replaced, else what a new file gets.
#[cfg(unix)]
fn permissions(builder: &mut Builder<'_, '_>, before: Option<&Metadata>) {
    use std::os::unix::fs::PermissionsExt as _;
    let new = || fs::Permissions::from_mode(0o666);
    builder.permissions(before.map_or_else(new, Metadata::permissions));
}

#[cfg(not(unix))]
fn permissions(_: &mut Builder<'_, '_>, _: Option<&Metadata>) {}
