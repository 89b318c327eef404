//! Tables for people, as wide as the layout is at most.

use comfy_table::{CellAlignment, ContentArrangement, Row, Table, presets};

use super::layout::Layout;

/// A table without rows.
pub(super) fn empty_table(layout: &Layout, heads: impl Into<Row>) -> Table {
    let preset = if layout.ascii {
        presets::ASCII_FULL_CONDENSED
    } else {
        presets::UTF8_FULL_CONDENSED
    };
    let mut table = Table::new();
    table
        .load_style(preset)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(layout.width()).unwrap_or(u16::MAX))
        .set_header(heads);
    table
}

/// Aligns a column as numbers are; one that is not there is left alone.
pub(super) fn right_aligned(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
