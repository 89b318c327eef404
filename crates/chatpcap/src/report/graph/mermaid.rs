//! A flow graph as a sequence diagram of Mermaid, which GitHub and many editors draw.

use std::fmt::Write as _;

use super::diagram::{Diagram, Step};
use super::script::{Script, Style};

/// The diagram, a `.mmd` file.
pub fn graph_mermaid(script: &Script) -> String {
    let diagram = Diagram::new(script);
    let title = escaped(&diagram.title);
    let mut out = format!("sequenceDiagram\n    title {title}\n");
    // Writing to a string cannot fail.
    for (index, lines) in diagram.hosts.iter().enumerate() {
        let _ = writeln!(out, "    participant n{index} as {}", joined(lines));
    }
    for step in &diagram.steps {
        let _ = match step {
            Step::Message(arrow, words) => {
                let shaft = match (arrow.style, arrow.is_lost) {
                    (Style::Tcp, false) => "->>",
                    (Style::Tcp, true) => "-x",
                    (_, false) => "-->>",
                    (_, true) => "--x",
                };
                let [from, to] = [arrow.from, arrow.to];
                writeln!(out, "    n{from}{shaft}n{to}: {}", joined(words))
            }
            Step::Note([low, high], words) if low == high => {
                writeln!(out, "    Note over n{low}: {}", joined(words))
            }
            Step::Note([low, high], words) => {
                writeln!(out, "    Note over n{low},n{high}: {}", joined(words))
            }
            Step::Pause(words) => {
                let last = diagram.hosts.len() - 1;
                writeln!(out, "    Note over n0,n{last}: ... {} ...", joined(words))
            }
        };
    }
    out
}

fn joined(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    lines.join("<br/>")
}

/// Words that Mermaid finds in any text: it takes the first two for statements and breaks the codes behind
/// them, and the third, where a text begins with it, for a wish of its author.
const WORDS: [&str; 3] = ["style", "classDef", "wrap:"];

/// A text with entity codes for all that means something to Mermaid, or to the HTML and the formulas in
/// it: bare, `#`, `;` and `%%` end a statement.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_word = WORDS.iter().any(|word| rest.starts_with(word));
        rest = rest.strip_prefix(c).unwrap_or_default();
        let is_plain = match c {
            ' ' | '.' | ',' | ':' | '-' | '_' | '/' | '(' | ')' | '=' | '+' | '?' | '\'' => true,
            // Mermaid keeps its codes in these four.
            'ﬂ' | '°' | '¶' | 'ß' => false,
            c => c.is_ascii_alphanumeric() || !c.is_ascii(),
        };
        if is_plain && !is_word {
            out.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_a_code() {
        for (text, code) in [
            ("5000 > 5000; #1", "5000 #62; 5000#59; #35;1"),
            ("%%{init}%%", "#37;#37;#123;init#125;#37;#37;"),
            ("no style: a", "no #115;tyle: a"),
            ("nowrap: a", "no#119;rap: a"),
            ("<br/> °", "#60;br/#62; #176;"),
            ("hei på deg: 2001:db8::1", "hei på deg: 2001:db8::1"),
        ] {
            assert_eq!(escaped(text), code);
        }
    }
}
