//! The part of Mermaid's grammar of sequence diagrams that flow graphs are written in.
//!
//! ```text
//! diagram   = "sequenceDiagram" title participant+ statement*
//! title     = "title" text
//! participant = "participant" host "as" text
//! statement = host arrow host ":" text | "Note over" host ["," host] ":" text
//! arrow     = "->>" | "-->>" | "-x" | "--x"
//! text      = (plain | "#" digits ";" | "<br/>")*
//! ```
//!
//! A plain character is one that Mermaid has no meaning for anywhere in a text. That diagrams of this
//! grammar are drawn with all their words was seen in Mermaid 11.16.

/// The texts of a diagram with their codes read, or the line that is not of the grammar.
pub fn texts(diagram: &str) -> Result<Vec<String>, String> {
    let mut lines = diagram.lines();
    if lines.next() != Some("sequenceDiagram") {
        return Err("no sequence diagram".to_owned());
    }
    let mut texts = Vec::new();
    let mut hosts = 0;
    for (number, line) in lines.enumerate() {
        let text = line.strip_prefix("    ").and_then(|line| {
            if number == 0 {
                return line.strip_prefix("title ");
            }
            if let Some(host) = line.strip_prefix(&format!("participant n{hosts} as ")) {
                hosts += 1;
                return Some(host);
            }
            let (ends, text) = line.split_once(": ")?;
            are_hosts(ends, hosts).then_some(text)
        });
        let text = text.and_then(decoded).ok_or_else(|| line.to_owned())?;
        texts.push(text);
    }
    match hosts {
        0 => Err("no participant".to_owned()),
        _ => Ok(texts),
    }
}

/// Whether these are one or two of the hosts, as a note or an arrow has them.
fn are_hosts(ends: &str, hosts: usize) -> bool {
    let is_host = |host: &str| {
        let number = host.strip_prefix('n').and_then(|host| host.parse().ok());
        number.is_some_and(|number: usize| number < hosts)
    };
    if let Some(over) = ends.strip_prefix("Note over ") {
        return over.split(',').count() <= 2 && over.split(',').all(is_host);
    }
    ["-->>", "->>", "--x", "-x"].iter().any(|arrow| {
        let ends = ends.split_once(arrow);
        ends.is_some_and(|(from, to)| is_host(from) && is_host(to))
    })
}

fn decoded(text: &str) -> Option<String> {
    // Mermaid's preprocessor takes the first two for statements, its messages the third for a wish.
    if ["style", "classDef", "wrap:"]
        .iter()
        .any(|word| text.contains(word))
    {
        return None;
    }
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("<br/>") {
            decoded.push('\n');
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('#') {
            let (digits, behind) = behind.split_once(';')?;
            decoded.push(char::from_u32(digits.parse().ok()?)?);
            rest = behind;
        } else {
            let is_plain = c.is_alphanumeric()
                || " .,:-_/()=+?'".contains(c)
                || (!c.is_ascii() && !c.is_control() && !"°¶".contains(c));
            if !is_plain || "ﬂß".contains(c) {
                return None;
            }
            decoded.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_bites() {
        let with = |line: &str| {
            texts(&format!(
                "sequenceDiagram\n    title t\n    participant n0 as a<br/>b\n    participant n1 as c\n{line}\n"
            ))
        };
        let whole = ["t", "a\nb", "c", "SYN > x"].map(str::to_owned);
        assert_eq!(with("    n0-->>n1: SYN #62; x"), Ok(whole.to_vec()));
        assert!(with("    Note over n0,n1: x").is_ok());
        for line in [
            "    n0->>n2: SYN",
            "    n0->n1: SYN",
            "    n0->>n1: a; b",
            "    n0->>n1: a #; b",
            "    n0->>n1: a > b",
            "    n0->>n1: style: a",
            "    Note over n0,n1,n1: x",
            "    end",
            "%% x",
        ] {
            assert!(with(line).is_err(), "{line}");
        }
    }
}
