//! What holds of every text that chatpcap prints, whatever was captured.

use jsonschema::Validator;
use pulldown_cmark::{Event, Options, Parser, Tag};

/// Asserts that no character moves a cursor or turns the direction of writing.
pub fn assert_safe(text: &str) {
    let is_unsafe = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(at) = text.find(is_unsafe) {
        let line = text[..at].lines().last().unwrap_or_default();
        panic!("{:?} behind {line:?}", text[at..].chars().next());
    }
}

/// Asserts that a text is words, tables and lists: nothing captured is markup, a link or HTML.
pub fn assert_markdown(text: &str) {
    assert_safe(text);
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::InlineHtml(html) | Event::Html(html) => assert_eq!(&*html, "<br>", "{text}"),
            Event::FootnoteReference(name) => panic!("footnote {name} in {text}"),
            Event::Start(tag) => {
                let is_foreign = matches!(
                    tag,
                    Tag::Link { .. }
                        | Tag::Image { .. }
                        | Tag::HtmlBlock
                        | Tag::FootnoteDefinition(_)
                );
                assert!(!is_foreign, "{tag:?} in {text}");
            }
            _ => {}
        }
    }
}

/// Asserts that a text is valid under a schema. The only characters that JSON itself has escaped are
/// those below the blank.
pub fn assert_json(text: &str, schema: &Validator) {
    let is_unsafe = |c: char| c < ' ' && c != '\n';
    assert!(!text.contains(is_unsafe), "{text:?}");
    let value: serde_json::Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(error) = schema.validate(&value) {
        panic!("{error} at {}: {text}", error.instance_path());
    }
}

/// Asserts that a text is records of as many fields as the first has, quoted as RFC 4180 says.
pub fn assert_csv(text: &str) {
    let mut fields = Vec::new();
    let mut count = 1;
    let mut is_quoted = false;
    let mut previous = '\n';
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => count += 1,
            '\n' if !is_quoted => {
                fields.push(count);
                count = 1;
            }
            _ => {}
        }
        previous = c;
    }
    assert!(!is_quoted && previous == '\n', "{text:?}");
    assert!(fields.iter().all(|it| *it == fields[0]), "{text:?}");
}
