//! What a page or picture of ours may consist of: any other tag or attribute came from a capture.

use roxmltree::Document;

/// Tags of pages, the pictures in them included.
const TAGS: [&str; 36] = [
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p", "div", "span",
    "table", "thead", "tr", "th", "td", "ul", "ol", "li", "code", "pre", "nav", "a", "br", "mark",
    "strong", "details", "summary", "svg", "desc", "rect", "g", "path", "text",
];

/// Attributes of pages, the pictures in them included. None of them runs anything.
const ATTRIBUTES: [&str; 19] = [
    "lang",
    "charset",
    "name",
    "content",
    "class",
    "id",
    "href",
    "xmlns",
    "viewBox",
    "role",
    "aria-label",
    "width",
    "height",
    "style",
    "transform",
    "d",
    "x",
    "y",
    "data-head",
];

/// Tags that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// Asserts that a page is well formed and has only tags and attributes of ours.
pub fn assert_page(page: &str) {
    let rest = page.strip_prefix("<!DOCTYPE html>\n").expect("a page");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = rest;
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('\0'), "{}", excerpt(rest));
        rest = &rest[at + 1..];
        if let Some(end) = rest.strip_prefix('/') {
            let (name, behind) = end.split_once('>').expect("the end of a tag");
            assert_eq!(open.pop(), Some(name), "{}", excerpt(end));
            rest = behind;
            continue;
        }
        let name_end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (name, behind) = rest.split_at(name_end);
        assert!(TAGS.contains(&name), "a strange tag: {}", excerpt(rest));
        let (is_closed, behind) = attributes(behind);
        rest = behind;
        if name == "style" {
            let end = rest.find("</style>").expect("the end of the style");
            assert!(!rest[..end].contains('<'), "{}", excerpt(rest));
            rest = &rest[end..];
        }
        if !is_closed && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "still open: {open:?}");
}

/// Reads the attributes of a tag; says whether it ends itself, and what stands behind it.
fn attributes(text: &str) -> (bool, &str) {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix("/>") {
            return (true, behind);
        }
        if let Some(behind) = rest.strip_prefix('>') {
            return (false, behind);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || "=>/".contains(c))
            .expect("the end of a tag");
        let (name, behind) = rest.split_at(end);
        assert!(
            ATTRIBUTES.contains(&name),
            "a strange attribute: {}",
            excerpt(rest)
        );
        rest = behind;
        if let Some(value) = rest.strip_prefix("=\"") {
            let (value, behind) = value.split_once('"').expect("the end of a value");
            assert!(!value.contains(['<', '>']), "{}", excerpt(value));
            assert!(name != "href" || is_local(value), "{value}");
            rest = behind;
        }
    }
}

/// Whether a link leads to a place in the page, or to a page beside it.
fn is_local(target: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.%".contains(c);
    let page = target.strip_prefix("hand-ins/").unwrap_or(target);
    target.starts_with('#')
        || page
            .strip_suffix(".html")
            .is_some_and(|page| page.chars().all(is_plain))
}

/// Asserts that a picture is XML, with only tags and attributes of ours.
pub fn assert_picture(svg: &str) {
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name();
        assert!(TAGS.contains(&name.name()), "{name:?}");
        assert_eq!(name.namespace(), Some("http://www.w3.org/2000/svg"));
        for attribute in node.attributes() {
            assert!(ATTRIBUTES.contains(&attribute.name()), "{attribute:?}");
        }
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn the_checkers_bite() {
        let page =
            |body: &str| format!("<!DOCTYPE html>\n<html lang=\"en\"><body>{body}</body></html>\n");
        assert_page(&page("<p class=\"a\">&lt;script&gt;<br></p>"));
        for body in [
            "<script>",
            "<p>",
            "</p>",
            "<p onclick=\"a\"></p>",
            "<p class='a'></p>",
            "<p class=\"<\"></p>",
            "<a href=\"http://a\"></a>",
            "< b",
            "<!-- a -->",
            "<p",
        ] {
            assert!(catch_unwind(|| assert_page(&page(body))).is_err(), "{body}");
        }
        let svg = |body: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{body}</svg>");
        assert_picture(&svg("<text x=\"1\">&lt;</text>"));
        for body in [
            "<script/>",
            "<text onload=\"a\"/>",
            "<text>",
            "<p xmlns=\"a\"/>",
        ] {
            assert!(
                catch_unwind(|| assert_picture(&svg(body))).is_err(),
                "{body}"
            );
        }
    }
}
