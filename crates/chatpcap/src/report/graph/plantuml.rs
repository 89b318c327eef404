//! A flow graph as a sequence diagram of `PlantUML`.

use std::fmt::Write as _;

use super::diagram::{Diagram, Step};
use super::script::{ArrowText, Script, Severity, Style};

/// The diagram, a `.puml` file in UTF-8.
pub fn graph_plantuml(script: &Script) -> String {
    let diagram = Diagram::new(script);
    let mut out = format!("@startuml\ntitle {}\n", escaped(&diagram.title));
    // Writing to a string cannot fail.
    for (index, lines) in diagram.hosts.iter().enumerate() {
        let _ = writeln!(out, "participant \"{}\" as n{index}", joined(lines));
    }
    for step in &diagram.steps {
        let _ = match step {
            Step::Message(arrow, words) => {
                let [from, to] = [arrow.from, arrow.to];
                let shaft = shaft(arrow);
                writeln!(out, "n{from} {shaft} n{to} : {}", joined(words))
            }
            Step::Note([low, high], words) if low == high => {
                writeln!(out, "note over n{low} : {}", joined(words))
            }
            Step::Note([low, high], words) => {
                writeln!(out, "note over n{low}, n{high} : {}", joined(words))
            }
            Step::Pause(words) => writeln!(out, "...{}...", joined(words)),
        };
    }
    out.push_str("@enduml\n");
    out
}

/// An arrow's line: two dashes are a broken one, and a cross is what is lost.
fn shaft(arrow: &ArrowText) -> String {
    let worst = arrow.marks.iter().map(|mark| mark.severity).max();
    let colour = match worst {
        Some(Severity::Error) => "[#c4161c]",
        Some(Severity::Warning) => "[#b35900]",
        Some(Severity::Plain) | None => "",
    };
    let dash = match arrow.style {
        Style::Tcp => "",
        _ => "-",
    };
    let cross = if arrow.is_lost { "x" } else { "" };
    format!("-{colour}{dash}>{cross}")
}

fn joined(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    lines.join("\\n")
}

/// A text with the numbers of all characters that mean something to `PlantUML`, to its preprocessor or to
/// the markup of its texts, which has a pair of nearly any.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let is_plain = match c {
            ' ' | ',' | ':' | '(' | ')' | '?' | '+' => true,
            // Not at the beginning, where it may be a list or a line, and not twice.
            '.' | '-' => before.is_ascii_alphanumeric(),
            c => c.is_ascii_alphanumeric() || !c.is_ascii(),
        };
        if is_plain {
            out.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "<U+{:04X}>", u32::from(c));
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_a_number() {
        for (text, escape) in [
            ("5000 > 5000", "5000 <U+003E> 5000"),
            ("@enduml", "<U+0040>enduml"),
            (
                "a--b 10-27 - 1.5...",
                "a-<U+002D>b 10-27 <U+002D> 1.5.<U+002E><U+002E>",
            ),
            ("a\\nb", "a<U+005C>nb"),
            ("hei på deg: 2001:db8::1", "hei på deg: 2001:db8::1"),
        ] {
            assert_eq!(escaped(text), escape);
        }
    }
}
