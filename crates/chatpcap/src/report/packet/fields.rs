//! Columns of fields, as `tshark -T fields` and `-T json` print them.

use crate::field::{Dissection, Field, Needs};

/// Which values of a field that has several are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Occurrence {
    /// The first.
    First,
    /// The last.
    Last,
    /// All of them.
    #[default]
    All,
}

/// How columns of fields look: tshark's `-E`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldForm {
    /// Whether the first line names the fields.
    pub header: bool,
    /// What stands between columns.
    pub separator: String,
    /// What stands between values of one field.
    pub aggregator: String,
    /// What stands around each column.
    pub quote: Option<char>,
    /// Which values are printed.
    pub occurrence: Occurrence,
}

impl Default for FieldForm {
    fn default() -> Self {
        Self {
            header: false,
            separator: "\t".to_owned(),
            aggregator: ",".to_owned(),
            quote: None,
            occurrence: Occurrence::All,
        }
    }
}

/// Columns of fields.
#[derive(Debug)]
pub struct FieldList {
    fields: Vec<&'static Field>,
    form: FieldForm,
}

impl FieldList {
    /// Columns of these fields.
    pub const fn new(fields: Vec<&'static Field>, form: FieldForm) -> Self {
        Self { fields, form }
    }

    /// What must be known of a frame before its fields can be printed.
    pub fn needs(&self) -> Needs {
        let needs = self.fields.iter().map(|field| field.needs);
        needs.max().unwrap_or(Needs::Frame)
    }

    /// The line that names the fields, if it is wanted.
    pub fn header(&self) -> String {
        if !self.form.header {
            return String::new();
        }
        let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        format!("{}\n", names.join(&self.form.separator))
    }

    /// The line of a frame. Line feeds and tabs of values are escaped, so that a frame is a line.
    pub fn row(&self, seen: &Dissection<'_>) -> String {
        let mut line = String::new();
        for (index, field) in self.fields.iter().enumerate() {
            if index > 0 {
                line.push_str(&self.form.separator);
            }
            let cell = self.values(field, seen).join(&self.form.aggregator);
            let cell = crate::report::safe(&cell);
            match self.form.quote {
                Some(quote) => {
                    line.push(quote);
                    // A quote within is doubled, as spreadsheets read it.
                    line.push_str(&cell.replace(quote, &format!("{quote}{quote}")));
                    line.push(quote);
                }
                None => line.push_str(&cell),
            }
        }
        line.push('\n');
        line
    }

    /// The fields that a frame has with their values, as a JSON object.
    pub fn json(&self, seen: &Dissection<'_>) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        for field in &self.fields {
            let values = self.values(field, seen);
            if !values.is_empty() {
                object.insert(field.name.to_owned(), values.into());
            }
        }
        serde_json::Value::Object(object)
    }

    fn values(&self, field: &Field, seen: &Dissection<'_>) -> Vec<String> {
        let mut values = field.printed(seen);
        match self.form.occurrence {
            Occurrence::All => values,
            Occurrence::First => {
                values.truncate(1);
                values
            }
            Occurrence::Last => values.pop().into_iter().collect(),
        }
    }
}
