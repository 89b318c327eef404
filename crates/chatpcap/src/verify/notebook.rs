//! The code cells of a Jupyter notebook (nbformat 4).

use serde::Deserialize;

use super::sheet::SheetError;

/// The first format that keeps its cells where they are looked for.
const FORMAT: u64 = 4;
/// Magics that run the rest of their cell as Python.
const RUNNING: [&str; 4] = ["%%time", "%%timeit", "%%capture", "%%prun"];

/// One code cell.
pub(super) struct Cell {
    /// What the reader finds it by: `cell 31`.
    pub(super) name: String,
    /// Its Python source.
    pub(super) source: String,
}

#[derive(Deserialize)]
struct Notebook {
    nbformat: Option<u64>,
    cells: Option<Vec<RawCell>>,
}

#[derive(Deserialize)]
struct RawCell {
    cell_type: String,
    source: Option<Source>,
    execution_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Lines(Vec<String>),
}

/// The code cells in their order; `None` where the JSON is no notebook.
pub(super) fn cells(text: &str) -> Result<Option<Vec<Cell>>, SheetError> {
    let notebook: Notebook =
        serde_json::from_str(text).map_err(|source| SheetError::Json { source })?;
    match (notebook.nbformat, notebook.cells) {
        (None, None) => Ok(None),
        (Some(format), _) if format < FORMAT => Err(SheetError::OldNotebook { format }),
        (_, cells) => {
            let cells = cells.unwrap_or_default().into_iter().enumerate();
            Ok(Some(
                cells
                    .filter_map(|(index, cell)| cell.code(index + 1))
                    .collect(),
            ))
        }
    }
}

impl RawCell {
    /// The cell if it holds Python that runs: markdown does not, nor does what `%%writefile` writes.
    fn code(self, number: usize) -> Option<Cell> {
        let source = match self.source? {
            Source::Text(text) => text,
            Source::Lines(lines) => lines.concat(),
        };
        let first = source.split_whitespace().next().unwrap_or_default();
        let is_magic = first.starts_with("%%") && !RUNNING.contains(&first);
        if self.cell_type != "code" || is_magic {
            return None;
        }
        let name = match self.execution_count {
            Some(count) => format!("cell {number} (In [{count}])"),
            None => format!("cell {number}"),
        };
        Some(Cell { name, source })
    }
}
