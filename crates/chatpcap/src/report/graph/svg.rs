//! A flow graph as SVG: its text can be selected, and it needs no script and no font of its own.

use askama::Template;

use super::picture::sheets;
use super::script::Script;
use super::shapes::Sheet;
use crate::report::layout::safe;
use crate::report::number::{count, counted};

/// The smallest part of its own size, in hundredths, that a picture in a page is shrunk to: letters of
/// 13 pixels are 10 then. Where the page is narrower, it is to be scrolled.
const SMALLEST: usize = 77;

/// What a picture is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SvgOptions {
    /// A file of its own, with the captures and remarks in it; else a part of an HTML page, which says
    /// these.
    pub standalone: bool,
}

/// The whole graph as one picture. Many of them can stand in one page.
///
/// # Errors
/// None that a string as a sink can raise; what the template would say is passed on.
pub fn graph_svg(script: &Script, options: SvgOptions) -> Result<String, askama::Error> {
    let sheets = sheets(script, options.standalone);
    picture(script, sheets, options.standalone, true)
}

/// The graph as pictures for an HTML page, each so tall that a page of A4 holds it: browsers cut a
/// picture where a page of paper ends. With `has_style` the first holds the style of all in that page.
///
/// # Errors
/// None that a string as a sink can raise; what the template would say is passed on.
pub fn graph_svg_sheets(script: &Script, has_style: bool) -> Result<Vec<String>, askama::Error> {
    let sheets = sheets(script, false).into_iter().enumerate();
    sheets
        .map(|(index, sheet)| picture(script, vec![sheet], false, has_style && index == 0))
        .collect()
}

fn picture(
    script: &Script,
    mut sheets: Vec<Sheet>,
    standalone: bool,
    has_style: bool,
) -> Result<String, askama::Error> {
    let mut height = 0;
    for sheet in &mut sheets {
        sheet.top = height;
        height += sheet.height;
    }
    let names = script.captures.iter().map(|capture| safe(&capture.name));
    let names: Vec<String> = names.collect();
    let width = sheets.iter().map(|sheet| sheet.width).max().unwrap_or(0);
    let picture = Picture {
        title: format!("Flow graph of {}", names.join(", ")),
        desc: format!(
            "{} from top to bottom between {} from left to right",
            counted(count(script.entries.len()), "row"),
            counted(count(script.nodes.len()), "host"),
        ),
        standalone,
        has_style,
        width,
        min_width: width * SMALLEST / 100,
        height,
        sheets,
    };
    picture.render()
}

#[derive(Template)]
#[template(path = "graph.svg")]
struct Picture {
    title: String,
    desc: String,
    standalone: bool,
    has_style: bool,
    width: usize,
    min_width: usize,
    height: usize,
    sheets: Vec<Sheet>,
}
