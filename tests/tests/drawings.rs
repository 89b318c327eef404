//! The flow graph's drawings of scripts that have one of everything.

use chatpcap::report::{
    Entry, Ladder, Layout, Paint, Script, SvgOptions, Widths, graph_svg, graph_svg_sheets,
    graph_text, safe,
};
use roxmltree::{Document, Node};
use tests::script::{self, bare, many_captures, texts};
use tests::{browser, golden};
use unicode_width::UnicodeWidthStr;

#[test]
fn ladders_are_as_they_were() {
    for (golden, width, ascii) in [
        ("ladder-60.txt", 60, false),
        ("ladder-80-ascii.txt", 80, true),
        ("ladder-100.txt", 100, false),
        ("ladder-160.txt", 160, false),
    ] {
        golden::compare(golden, drawn(&script::lab(), width, ascii).as_bytes());
    }
    let mut layout = Layout::new(Some(120));
    layout.paint = Paint::coloured();
    golden::compare(
        "ladder-120-colour.txt",
        graph_text(&script::lab(), &layout).as_bytes(),
    );
    let ipv6 = |host| format!("2001:db8:1234:5678:9abc:def0:1234:{:04x}", host + 0x1000);
    for (golden, hosts, width) in [
        ("ladder-ipv6-60.txt", 3, 60),
        ("ladder-ipv6-100.txt", 4, 100),
        ("ladder-ipv6-160.txt", 4, 160),
        ("ladder-9-hosts.txt", 9, 100),
        ("ladder-loop.txt", 1, 60),
    ] {
        let script = script::ring(hosts, ipv6);
        golden::compare(golden, drawn(&script, width, false).as_bytes());
    }
    let script = script::ring(40, |host| format!("10.0.0.{host}"));
    golden::compare("ladder-40-hosts.txt", drawn(&script, 60, false).as_bytes());
    let hostile = drawn(&script::hostile(), 80, true);
    golden::compare("ladder-hostile.txt", hostile.as_bytes());
}

fn drawn(script: &Script, width: usize, ascii: bool) -> String {
    let mut layout = Layout::new(Some(width));
    layout.ascii = ascii;
    graph_text(script, &layout)
}

#[test]
fn lines_fit_whatever_the_width() {
    let scripts = [
        script::lab(),
        script::ring(1, |_| "::1".to_owned()),
        script::ring(2, |host| {
            format!("2001:db8:1234:5678:9abc:def0:1234:{:04x}", host + 0x1000)
        }),
        script::ring(7, |host| format!("10.200.100.{}", host + 100)),
        script::ring(201, |host| format!("10.0.1.{host}")),
        many_captures(),
        dated(script::lab()),
        dated(script::ring(1, |_| "127.0.0.1".to_owned())),
    ];
    for script in &scripts {
        for width in 60..=160 {
            for line in drawn(script, width, false).lines() {
                assert!(line.width() <= width, "{width}: {line}");
                assert_eq!(line, line.trim_end(), "{width}");
            }
        }
    }
}

#[test]
fn nothing_is_cut() {
    for script in [script::lab(), script::hostile(), many_captures()] {
        for width in [60, 80, 100, 160] {
            let drawn = bare(&drawn(&script, width, false));
            for text in texts(&script) {
                let text = bare(&safe(&text));
                assert!(drawn.contains(&text), "{width}: {text} in {drawn}");
            }
        }
    }
}

/// Words that are wider than planned come out right: the rows are longer or take more lines.
#[test]
fn words_may_be_wider_than_planned() {
    let script = script::lab();
    let ladder = Ladder::new(&script, &Widths::new(3), &Layout::new(Some(100)));
    let rows: String = script
        .entries
        .iter()
        .map(|entry| ladder.entry(entry))
        .collect();
    let rows = bare(&rows);
    for text in texts(&Script {
        entries: script.entries,
        ..Script::default()
    }) {
        assert!(rows.contains(&bare(&text)), "{text} in {rows}");
    }
}

#[test]
fn pictures_are_as_they_were() {
    let options = SvgOptions { standalone: true };
    for (golden, script) in pictures() {
        let svg = graph_svg(&script, options).unwrap();
        golden::compare(golden, svg.as_bytes());
    }
}

/// Words stand on the picture, and on no other words. Widths are those of a font of fixed width.
#[test]
fn pictures_hold_every_word_at_a_place_of_its_own() {
    let ipv6 = |host| {
        format!(
            "[2001:db8:1234:5678:9abc:def0:1234:{:04x}]:50000",
            host + 0x1000
        )
    };
    let more = [
        script::ring(1, ipv6),
        script::ring(2, ipv6),
        script::ring(9, ipv6),
        script::ring(16, |host| format!("10.0.0.{host}")),
        many_captures(),
    ];
    let golden = pictures().map(|(_, script)| script);
    for script in golden.iter().chain(&more) {
        for standalone in [true, false] {
            let svg = graph_svg(script, SvgOptions { standalone }).unwrap();
            let svg = Document::parse(&svg).unwrap();
            check_places(&svg);
        }
        let sheets = graph_svg_sheets(script, true).unwrap();
        for sheet in &sheets {
            check_places(&Document::parse(sheet).unwrap());
        }
        let svg = graph_svg(script, SvgOptions { standalone: true }).unwrap();
        let svg = Document::parse(&svg).unwrap();
        let words = svg.descendants().filter(|node| node.has_tag_name("text"));
        let words: String = words.filter_map(|node| node.text()).map(bare).collect();
        for text in texts(script) {
            let text = bare(&safe(&text));
            assert!(words.contains(&text), "{text} in {words}");
        }
        for node in svg.descendants() {
            let name = node.tag_name().name();
            assert!(!["script", "image", "a", "foreignObject"].contains(&name));
            assert!(
                node.attributes()
                    .all(|attribute| !attribute.name().starts_with("on"))
            );
        }
    }
}

fn check_places(svg: &Document<'_>) {
    let number = |node: &Node<'_, '_>, name: &str| -> f64 {
        let value = node.attribute(name).unwrap_or_else(|| panic!("no {name}"));
        value.parse().unwrap()
    };
    let root = svg.root_element();
    let size = [number(&root, "width"), number(&root, "height")];
    let mut places: Vec<([f64; 4], &str)> = Vec::new();
    for node in svg.descendants().filter(|node| node.has_tag_name("text")) {
        let text = node.text().unwrap();
        let shift = node
            .ancestors()
            .find_map(|node| node.attribute("transform"));
        let shift = shift.map_or(0.0, |shift| {
            let y = shift
                .trim_start_matches("translate(0 ")
                .trim_end_matches(')');
            y.parse().unwrap()
        });
        let length = f64::from(u16::try_from(text.width()).unwrap()) * 7.83;
        let class = node.attribute("class").unwrap_or("");
        let left = match class.rsplit(' ').next() {
            Some("e") => number(&node, "x") - length,
            Some("m") => number(&node, "x") - length / 2.0,
            _ => number(&node, "x"),
        };
        let base = number(&node, "y") + shift;
        let place = [left, base - 11.0, left + length, base + 3.0];
        assert!(
            left >= 0.0 && place[2] <= size[0] && place[3] <= size[1],
            "{text}: {place:?}"
        );
        for (other, words) in places.iter().rev().take(400) {
            let apart = place[0] >= other[2]
                || other[0] >= place[2]
                || place[1] >= other[3]
                || other[1] >= place[3];
            assert!(apart, "{text} {place:?} on {words} {other:?}");
        }
        places.push((place, text));
    }
    assert!(!places.is_empty());
}

/// With times of day.
fn dated(mut script: Script) -> Script {
    script.clock = "UTC";
    for entry in &mut script.entries {
        if let Entry::Arrow(arrow) = entry {
            "2026-11-22 18:33:13.682971".clone_into(&mut arrow.time);
        }
    }
    script
}

fn pictures() -> [(&'static str, Script); 3] {
    [
        ("graph-lab.svg", script::lab()),
        ("graph-hostile.svg", script::hostile()),
        (
            "graph-40-hosts.svg",
            script::ring(40, |host| format!("10.0.0.{host}")),
        ),
    ]
}

/// The same with the widths that a browser's own font has.
#[test]
fn a_browser_finds_every_word_at_a_place_of_its_own() {
    for (_, script) in pictures() {
        let svg = graph_svg(&script, SvgOptions::default()).unwrap();
        let Some(found) = browser::evaluate(&svg, 1200, WORDS_ON_WORDS) else {
            println!("skipped: there is no browser");
            return;
        };
        assert_eq!(found["collisions"], serde_json::json!([]));
        assert!(found["words"].as_u64().unwrap() > 50);
    }
}

/// Texts that leave the picture or that stand on one before them, each a little narrower than its box:
/// lines of text touch.
const WORDS_ON_WORDS: &str = "(() => {
    const svg = document.querySelector('svg');
    const { width, height } = svg.viewBox.baseVal;
    const scale = svg.getBoundingClientRect().width / width;
    const places = [];
    const collisions = [];
    for (const text of svg.querySelectorAll('text')) {
        const box = text.getBoundingClientRect();
        const origin = svg.getBoundingClientRect();
        const [left, right] = [box.left, box.right].map(x => (x - origin.left) / scale);
        const [top, bottom] = [box.top, box.bottom].map(y => (y - origin.top) / scale);
        const place = { left, right, top: top + 2, bottom: bottom - 2, words: text.textContent };
        const outside = left < 0 || right > width || bottom > height;
        const under = places.slice(-300).find(other => place.left < other.right
            && other.left < place.right && place.top < other.bottom && other.top < place.bottom);
        if (outside || under) collisions.push([place, under ?? 'outside']);
        places.push(place);
    }
    return { words: places.length, collisions };
})()";
