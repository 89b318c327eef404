//! Which files of a hand-in are meant.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Names with `*`, `?`, `[a-z]`, `{a,b}` and `**`, as shells have them; letters match in either case.
///
/// A pattern without `/` is for the file's own name, in whatever folder it is; one with `/` is for
/// the whole path in the hand-in.
#[derive(Clone, Debug)]
pub struct Patterns {
    names: GlobSet,
    paths: GlobSet,
}

/// A pattern that cannot be understood.
#[derive(Clone, Debug, thiserror::Error)]
#[error("pattern `{pattern}`: {cause}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub cause: String,
}

impl Patterns {
    /// Files that any of these patterns means.
    ///
    /// # Errors
    /// If one cannot be understood.
    pub fn new(patterns: &[impl AsRef<str>]) -> Result<Self, PatternError> {
        let mut names = GlobSetBuilder::new();
        let mut paths = GlobSetBuilder::new();
        for pattern in patterns.iter().map(AsRef::as_ref) {
            let glob = GlobBuilder::new(pattern)
                .case_insensitive(true)
                .literal_separator(true)
                .build()
                .map_err(|error| failure(pattern, &error))?;
            if pattern.contains('/') {
                paths.add(glob);
            } else {
                names.add(glob);
            }
        }
        let build = |set: GlobSetBuilder| set.build().map_err(|error| failure("", &error));
        Ok(Self {
            names: build(names)?,
            paths: build(paths)?,
        })
    }

    /// Whether the file of this path in the hand-in is meant.
    pub fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.names.is_match(name) || self.paths.is_match(path)
    }
}

fn failure(pattern: &str, error: &globset::Error) -> PatternError {
    PatternError {
        pattern: error.glob().unwrap_or(pattern).to_owned(),
        cause: error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths() {
        let patterns =
            Patterns::new(&["*client1*.{pcap,pcapng}", "captures/**/server?.pcap"]).unwrap();
        for (path, expected) in [
            ("client1.pcap", true),
            ("lab3/My Client1 (2).PCAPNG", true),
            ("client1.pcap.txt", false),
            ("captures/server1.pcap", true),
            ("captures/a/b/server2.pcap", true),
            ("lab3/captures/server1.pcap", false),
            ("server1.pcap", false),
        ] {
            assert_eq!(patterns.matches(path), expected, "{path}");
        }
    }

    #[test]
    fn a_pattern_that_is_none() {
        let error = Patterns::new(&["a[b"]).unwrap_err();
        assert_eq!(error.pattern, "a[b");
    }
}
