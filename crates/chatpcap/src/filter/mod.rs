//! The filter stage: Wireshark's display filters, compiled once and evaluated on borrowed octets.
//!
//! ```text
//! text  ->  tokens   ->  Syntax     ->  Test        ->  on each frame: does it hold
//!           token.rs     parser.rs,     check.rs,        program.rs
//!                        syntax.rs      literal.rs
//! ```
//!
//! A filter knows what it [`needs`](Filter::needs) of a frame, so that no more is decoded. The
//! language is that of Wireshark 4.0, over the fields of the [field](crate::field) stage.

mod arithmetic;
mod check;
mod error;
mod literal;
mod parser;
mod pattern;
mod pcre;
mod program;
mod syntax;
mod token;

use crate::field::{Dissection, Needs};

pub use self::error::FilterError;

/// A compiled display filter.
#[derive(Debug)]
pub struct Filter {
    test: program::Test,
    needs: Needs,
}

impl Filter {
    /// Compiles a filter. Text without a word selects every frame.
    ///
    /// # Errors
    /// [`FilterError`] where the text is no filter: it says at which column, and what to write.
    pub fn new(text: &str) -> Result<Self, FilterError> {
        let compile = || {
            let tokens = token::tokens(text)?;
            match parser::parse(&tokens, text.len())? {
                Some(syntax) => check::check(&syntax),
                None => Ok(check::everything()),
            }
        };
        let check::Checked { test, needs } =
            compile().map_err(|fault: error::Fault| fault.in_text(text))?;
        Ok(Self { test, needs })
    }

    /// What must be known of a frame before the filter can be asked.
    pub const fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether the filter selects a frame.
    pub fn selects(&self, frame: &Dissection<'_>) -> bool {
        self.test.holds(frame)
    }
}
