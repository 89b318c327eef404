//! `chatpcap fields`.

use chatpcap::field::{self, Field};
use chatpcap::report::safe;
use clap::Args;

use super::Outcome;
use super::output::{self, Failure, Format};

/// List the fields that display filters and `packets -e` know.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 1 no field begins so; 2 unusable arguments.\n\nExamples:\n  \
    chatpcap fields tcp.flags\n  chatpcap fields --format json"
)]
pub(super) struct Arguments {
    /// Only fields whose names begin so
    #[arg(value_name = "PREFIX", default_value = "")]
    prefix: String,

    /// What to print; json follows schema chatpcap/fields/1
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let prefix = arguments.prefix.as_str();
    let fields: Vec<&Field> = field::all()
        .filter(|field| field.name.starts_with(prefix))
        .collect();
    if fields.is_empty() {
        let failure = Failure::new(format!("no field begins with {}", safe(prefix)));
        output::error(&match field::nearest(prefix) {
            Some(name) => failure.with_hint(format!("did you mean {name}?")),
            None => failure,
        });
        return Ok(Outcome::NotThere);
    }
    output::print(&list(&fields, arguments.format))?;
    Ok(Outcome::Done)
}

fn list(fields: &[&Field], format: Format) -> String {
    let width = fields
        .iter()
        .map(|field| field.name.len())
        .max()
        .unwrap_or(0);
    let row = |field: &&Field| {
        let Field {
            name, title, kind, ..
        } = field;
        let kind = kind.name();
        match format {
            Format::Text => format!("{name:<width$}  {kind:<25}  {title}\n"),
            Format::Csv => format!("{name},\"{kind}\",\"{title}\"\r\n"),
            Format::Markdown => format!("| `{name}` | {kind} | {title} |\n"),
            Format::Json => {
                let json = serde_json::json!({ "name": name, "kind": kind, "title": title });
                format!("    {json}")
            }
        }
    };
    let rows: Vec<String> = fields.iter().map(row).collect();
    match format {
        Format::Text => rows.concat(),
        Format::Csv => format!("name,kind,title\r\n{}", rows.concat()),
        Format::Markdown => format!("| name | kind | title |\n|---|---|---|\n{}", rows.concat()),
        Format::Json => format!(
            "{{\n  \"schema\": \"chatpcap/fields/1\",\n  \"fields\": [\n{}\n  ]\n}}\n",
            rows.join(",\n")
        ),
    }
}
