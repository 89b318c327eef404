//! The captures that the user names.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use chatpcap::capture::{Capture, CaptureError, Compression};
use clap::Args;

use super::Outcome;
use super::bounds::Bounds;
use super::file::shown;
use super::output::{self, Failure};
use super::progress::Progress;

/// The captures that a command reads.
#[derive(Debug, Args)]
pub(super) struct Captures {
    /// Captures (pcap, pcapng or snoop; plain, gzip, zstd or lz4); `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) bounds: Bounds,
}

/// An open capture.
pub(super) struct Input {
    /// What the user calls it.
    pub(super) name: String,
    /// The capture, at its first frame.
    pub(super) capture: Capture,
    /// The file's length in octets, where it is known.
    pub(super) octets: Option<u64>,
}

/// Why there is no capture to read.
pub(super) enum Unopened {
    /// Standard input is a terminal.
    Terminal,
    /// The file, or what came by standard input, is no capture.
    Capture(CaptureError),
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path, bounds: &Bounds) -> Result<Self, Failure> {
        Self::try_open(path, bounds).map_err(|why| why.into_failure(path))
    }

    /// The same; why it failed is told, and is what it came to.
    pub(super) fn open_or_tell(
        path: &Path,
        bounds: &Bounds,
        outcome: &mut Outcome,
    ) -> Option<Self> {
        match Self::open(path, bounds) {
            Ok(input) => Some(input),
            Err(failure) => {
                output::error(&failure);
                *outcome = Outcome::Unusable;
                None
            }
        }
    }

    /// The same, for who wants to know why it failed.
    pub(super) fn try_open(path: &Path, bounds: &Bounds) -> Result<Self, Unopened> {
        let mut input = Self::try_open_unbounded(path)?;
        if let Some(most) = bounds.max_decompressed {
            input.capture.limit_decompressed(most.0);
        }
        Ok(input)
    }

    fn try_open_unbounded(path: &Path) -> Result<Self, Unopened> {
        let name = path.display().to_string();
        if path.as_os_str() == "-" {
            let stdin = io::stdin();
            if stdin.is_terminal() {
                return Err(Unopened::Terminal);
            }
            let capture = Capture::from_reader(stdin).map_err(Unopened::Capture)?;
            return Ok(Self {
                name,
                capture,
                octets: None,
            });
        }
        let capture = Capture::open(path).map_err(Unopened::Capture)?;
        let octets = fs::metadata(path)
            .ok()
            .filter(fs::Metadata::is_file)
            .map(|file| file.len());
        Ok(Self {
            name,
            capture,
            octets,
        })
    }
}

impl Unopened {
    /// The same in words.
    pub(super) fn into_failure(self, path: &Path) -> Failure {
        match self {
            Self::Terminal => {
                Failure::new("standard input is a terminal, not a capture".to_owned())
                    .with_hint("tcpdump -w - | chatpcap analyze -".to_owned())
            }
            Self::Capture(error) => failure(path, &error),
        }
    }
}

/// Opens each capture that the user names and gives it to `read`, with what shows how far the reading
/// is. What cannot be opened is told, and hides no other.
pub(super) fn each(
    captures: &Captures,
    mut read: impl FnMut(Input, &mut dyn FnMut(u64)),
) -> Outcome {
    let mut outcome = Outcome::Done;
    for file in &captures.files {
        let Some(input) = Input::open_or_tell(file, &captures.bounds, &mut outcome) else {
            continue;
        };
        let mut progress = Progress::new(&input.name, input.octets);
        read(input, &mut |octets| progress.set(octets));
    }
    outcome
}

/// What a file that is read is called: `-` is standard input.
pub(super) fn called(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "standard input".to_owned();
    }
    shown(path)
}

fn failure(path: &Path, error: &CaptureError) -> Failure {
    let failure = Failure::about(&called(path), error);
    match error {
        CaptureError::Empty { .. } => failure.with_hint(
            "tcpdump writes when it is stopped with Ctrl-C, or at once with `-U`".to_owned(),
        ),
        CaptureError::NotCapture { .. } => {
            failure.with_hint("captures are what `tcpdump -w FILE` writes".to_owned())
        }
        CaptureError::Directory => failure.with_hint("name the captures in it".to_owned()),
        CaptureError::Read {
            compression: Some(Compression::Zstd),
            source,
        } if source.to_string().contains("too much memory") => failure.with_hint(format!(
            "its window is larger than 128 MiB: `zstd -dc --long=31 {} | chatpcap ... -`",
            shown(path)
        )),
        _ => failure,
    }
}
