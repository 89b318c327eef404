//! Grades: a page a hand-in, and tables for the class.

mod class;
mod csv;
mod gradescope;
mod html;
mod json;
mod page;
mod page_name;
mod view;

pub use self::class::class_text;
pub use self::csv::class_csv;
pub use self::gradescope::gradescope;
pub use self::html::{class_html, page_html};
pub use self::json::class_json;
pub use self::page::page_text;
pub use self::page_name::page_names;
