//! The flow graph in the languages of other programs, read by those programs or by their grammar.

use std::io::Write as _;
use std::process::{Command, Stdio};

use chatpcap::report::{
    Layout, Script, graph_html, graph_markdown, graph_mermaid, graph_plantuml, safe,
};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use roxmltree::Document;
use tests::script::{self, bare, many_captures, texts};
use tests::{golden, mermaid};

#[test]
fn diagrams_are_as_they_were() {
    for (golden, drawn) in [
        ("graph-lab.mmd", graph_mermaid(&script::lab())),
        ("graph-hostile.mmd", graph_mermaid(&script::hostile())),
        ("graph-lab.puml", graph_plantuml(&script::lab())),
        ("graph-hostile.puml", graph_plantuml(&script::hostile())),
        (
            "graph-lab.md",
            graph_markdown(&script::lab(), &Layout::new(None)),
        ),
        (
            "graph-hostile.md",
            graph_markdown(&script::hostile(), &Layout::new(None)),
        ),
        ("graph-lab.html", graph_html(&script::lab()).unwrap()),
        (
            "graph-hostile.html",
            graph_html(&script::hostile()).unwrap(),
        ),
    ] {
        golden::compare(golden, drawn.as_bytes());
    }
}

#[test]
fn mermaid_reads_every_word() {
    for script in scripts() {
        let words = mermaid::texts(&graph_mermaid(&script)).unwrap();
        assert_words(&script, &words.join(""));
    }
}

#[test]
fn plantuml_reads_every_word() {
    if Command::new("plantuml").arg("-version").output().is_err() {
        println!("skipped: plantuml is not installed");
        return;
    }
    // Many hosts take it many seconds.
    for script in scripts().iter().filter(|script| script.nodes.len() < 50) {
        let svg = drawn_by_plantuml(&graph_plantuml(script));
        let svg = Document::parse(&svg).unwrap();
        let words = svg.descendants().filter(|node| node.has_tag_name("text"));
        let words: String = words.filter_map(|node| node.text()).collect();
        assert_words(script, &words);
        // A link would be one that somebody sent.
        assert!(!svg.descendants().any(|node| node.has_tag_name("a")));
    }
}

/// All rows are rows of the table, and what was captured is words and nothing else.
#[test]
fn markdown_holds_every_word() {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH
        | Options::ENABLE_FOOTNOTES;
    for script in scripts() {
        let markdown = graph_markdown(&script, &Layout::new(None));
        let [mut words, mut block] = [String::new(), String::new()];
        let (mut rows, mut is_block) = (0, false);
        for event in Parser::new_ext(&markdown, options) {
            match event {
                Event::Text(text) if is_block => block.push_str(&text),
                Event::Text(text) => words.push_str(&text),
                Event::Start(Tag::CodeBlock(_)) => is_block = true,
                Event::End(TagEnd::CodeBlock) => is_block = false,
                Event::Start(Tag::TableRow) => rows += 1,
                Event::InlineHtml(html) => assert_eq!(&*html, "<br>"),
                Event::Start(
                    Tag::Heading { .. }
                    | Tag::Table(_)
                    | Tag::TableHead
                    | Tag::TableCell
                    | Tag::List(_)
                    | Tag::Item,
                )
                | Event::End(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let listed = script.captures.len() + script.nodes.len() + script.entries.len();
        assert_eq!(rows, listed);
        assert_words(&script, &words);
        if let Some(mermaid) = block.strip_prefix("sequenceDiagram") {
            mermaid::texts(&format!("sequenceDiagram{mermaid}")).unwrap();
        }
    }
}

#[test]
fn pages_need_nothing_from_elsewhere() {
    for script in scripts() {
        let page = graph_html(&script).unwrap();
        assert!(!page.contains("<script"));
        let page = page.replace("http://www.w3.org/2000/svg", "");
        for outside in ["src=", "href=", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}

fn scripts() -> [Script; 5] {
    [
        script::lab(),
        script::hostile(),
        script::ring(201, |host| format!("fe80::{host}")),
        many_captures(),
        Script {
            clock: "UTC",
            ..Script::default()
        },
    ]
}

#[track_caller]
fn assert_words(script: &Script, words: &str) {
    let words = bare(words);
    for text in texts(script) {
        let text = bare(&safe(&text));
        assert!(words.contains(&text), "{text} in {words}");
    }
}

fn drawn_by_plantuml(diagram: &str) -> String {
    let mut plantuml = Command::new("plantuml")
        .args(["-charset", "UTF-8", "-failfast2", "-pipe", "-tsvg"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = plantuml.stdin.take().unwrap();
    stdin.write_all(diagram.as_bytes()).unwrap();
    drop(stdin);
    let output = plantuml.wait_with_output().unwrap();
    assert!(output.status.success(), "{diagram}");
    String::from_utf8(output.stdout).unwrap()
}
