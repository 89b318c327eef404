//! A flow graph as a page of its own, to read on a screen or on paper.

use askama::Template;

use super::script::Script;
use super::svg::graph_svg_sheets;
use crate::report::layout::safe;

/// The page: no script and nothing from elsewhere.
///
/// # Errors
/// None that a string as a sink can raise; what the template would say is passed on.
pub fn graph_html(script: &Script) -> Result<String, askama::Error> {
    let sheets = graph_svg_sheets(script, true)?;
    let script = script.mapped(&safe);
    let page = Page {
        names: script
            .captures
            .iter()
            .map(|capture| capture.name.clone())
            .collect(),
        sheets,
        script,
    };
    page.render()
}

#[derive(Template)]
#[template(path = "graph.html")]
struct Page {
    script: Script,
    names: Vec<String>,
    /// Pictures, made by a template that escapes.
    sheets: Vec<String>,
}
