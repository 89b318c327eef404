//! What a picture of a flow graph is made of: paths and words, in pixels from the top left.

use super::script::ArrowText;

/// Lines and words of a part of a graph.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Where it begins in a picture of several.
    pub(super) top: usize,
    /// Behind everything: the hosts' lines and boxes.
    pub(super) ground: Shapes,
    pub(super) rows: Vec<Row>,
}

/// One entry.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// All about it in one text.
    pub(super) title: String,
    pub(super) shapes: Shapes,
}

#[derive(Debug, Default)]
pub(super) struct Shapes {
    pub(super) paths: Vec<Path>,
    pub(super) words: Vec<Words>,
}

#[derive(Debug)]
pub(super) struct Path {
    pub(super) class: String,
    pub(super) d: String,
}

#[derive(Debug)]
pub(super) struct Words {
    pub(super) x: usize,
    pub(super) y: usize,
    /// Colour, and where `x` is: `e` at the end, `m` in the middle, else at the start.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl Shapes {
    /// Adds a path.
    pub(super) fn path(&mut self, class: impl Into<String>, d: String) {
        self.paths.push(Path {
            class: class.into(),
            d,
        });
    }

    /// Adds words, if there are any.
    pub(super) fn words(
        &mut self,
        x: usize,
        y: usize,
        class: &'static str,
        text: impl Into<String>,
    ) {
        let text = text.into();
        if !text.is_empty() {
            self.words.push(Words { x, y, class, text });
        }
    }

    /// Adds an arrow's head, or the cross of what is lost.
    pub(super) fn tip(
        &mut self,
        arrow: &ArrowText,
        x: usize,
        y: usize,
        is_right: bool,
        class: &str,
    ) {
        let colour = class.split(' ').next().unwrap_or_default();
        if arrow.is_lost {
            let (left, top) = (x.saturating_sub(5), y.saturating_sub(5));
            let d = format!("M{left} {top}l10 10m-10 0l10 -10");
            self.path(format!("line {colour}"), d);
        } else {
            let back = if is_right { "-" } else { "" };
            let d = format!("M{x} {y}l{back}9 -4.5v9z");
            self.path(format!("tip {colour}"), d);
        }
    }
}
