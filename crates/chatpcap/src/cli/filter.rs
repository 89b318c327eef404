//! The display filter of a command.

use std::sync::Arc;

use chatpcap::filter::{Filter, FilterError};
use clap::Args;

use super::output::Failure;

/// Which frames a command looks at.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Selection {
    /// Only frames that this display filter selects, as in Wireshark: 'tcp.port == 5000 && ip.addr ==
    /// 10.20.30.11'; `chatpcap fields` lists the names
    #[arg(
        short = 'Y',
        long = "display-filter",
        value_name = "EXPR",
        allow_hyphen_values = true
    )]
    expression: Option<String>,
}

impl Selection {
    /// The filter as it was typed.
    pub(super) fn text(&self) -> &str {
        self.expression.as_deref().unwrap_or_default()
    }

    /// The filter, if there is one.
    pub(super) fn filter(&self) -> Result<Option<Arc<Filter>>, Failure> {
        let Some(expression) = &self.expression else {
            return Ok(None);
        };
        Filter::new(expression)
            .map(|filter| Some(Arc::new(filter)))
            .map_err(|error| failure(&error))
    }
}

fn failure(error: &FilterError) -> Failure {
    let [text, underline] = error.excerpt();
    let failure = Failure::new(format!("{error}\n  {text}\n  {underline}"));
    match &error.hint {
        Some(hint) => failure.with_hint(hint.clone()),
        None => failure,
    }
}
