//! Names of files for pages: a hand-in's name may hold anything.

use std::collections::BTreeSet;

use crate::grade::Gradebook;

/// Characters of a name: file systems end at 255 octets.
const MAX_NAME: usize = 100;

/// For each hand-in a name of a file without its ending: letters, digits, `-`, `_` and `.`, none twice
/// even where case does not count.
pub fn page_names(book: &Gradebook) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let names = book.grades.iter().map(|grade| {
        let plain = plain(&grade.name);
        let mut name = plain.clone();
        let mut number = 2_u32;
        while !taken.insert(name.to_ascii_lowercase()) {
            name = format!("{plain}-{number}");
            number = number.saturating_add(1);
        }
        name
    });
    names.collect()
}

fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain = name
        .chars()
        .take(MAX_NAME)
        .map(|c| if is_plain(c) { c } else { '_' });
    let plain: String = plain.collect();
    // A name may neither be hidden nor lead elsewhere nor look like an option.
    if plain.starts_with(['.', '-']) || plain.is_empty() {
        return format!("_{plain}");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_lead_nowhere() {
        for (name, file) in [
            ("alice", "alice"),
            ("../../etc/passwd", "_.._.._etc_passwd"),
            ("a\nb\u{1b}[31m", "a_b__31m"),
            ("", "_"),
            ("..", "_.."),
            ("-rf", "_-rf"),
            ("Åse Ø", "_se__"),
        ] {
            assert_eq!(plain(name), file);
        }
    }
}
