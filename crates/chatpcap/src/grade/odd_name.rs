//! Names that do something to whoever reads them.

/// What is odd about the name of a hand-in or of a file in it. Wherever it is shown it is made harmless.
pub(super) fn odd(name: &str) -> Option<&'static str> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.chars().any(char::is_control) {
        Some("its name has control characters, as a line break or what steers a terminal")
    } else if name.chars().any(turns) {
        Some("its name turns the direction of writing")
    } else if name.contains(char::REPLACEMENT_CHARACTER) {
        Some("its name is no UTF-8")
    } else if name.starts_with(['=', '+', '-', '@']) {
        Some("its name would be a formula to a spreadsheet: in CSV an apostrophe is before it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::odd;

    #[test]
    fn names_are_odd_or_not() {
        for (name, word) in [
            ("a\nb", "control"),
            ("\u{1b}[31m", "control"),
            ("a\u{202e}b", "direction"),
            ("a\u{fffd}", "UTF-8"),
            ("=cmd()", "formula"),
        ] {
            assert!(
                odd(name).is_some_and(|text| text.contains(word)),
                "{name:?}"
            );
        }
        for name in ["alice", "Åse Ødegård (2)", "lab3/client1.pcap", "<b>"] {
            assert_eq!(odd(name), None);
        }
    }
}
