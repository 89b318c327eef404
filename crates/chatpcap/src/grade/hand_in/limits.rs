//! How much of a hand-in is read.

/// Files of a hand-in. A lab has a dozen; a folder with a virtual environment in it has thousands,
/// and they are not what is graded.
const FILES: usize = 1000;
/// Folders within folders. Zipped by hand, the files are two or three down.
const DEPTH: usize = 8;
/// Octets of one file, after decompression: a thousand times what a capture of the lab has.
const FILE_OCTETS: u64 = 64 << 20;
/// Octets of all files of a hand-in, read and decompressed.
const HAND_IN_OCTETS: u64 = 256 << 20;
/// How many times its size a file of a zip may grow to. Captures of text shrink to a tenth; Deflate
/// itself ends at 1032.
const RATIO: u64 = 200;

/// How much of a hand-in is read: what it has beyond is a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files.
    pub files: usize,
    /// Folders within folders.
    pub depth: usize,
    /// Octets of one file, after decompression.
    pub file_octets: u64,
    /// Octets of all files together, after decompression.
    pub hand_in_octets: u64,
    /// How many times its size a file of a zip may grow to.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: FILES,
            depth: DEPTH,
            file_octets: FILE_OCTETS,
            hand_in_octets: HAND_IN_OCTETS,
            ratio: RATIO,
        }
    }
}
