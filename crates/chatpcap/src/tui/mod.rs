//! The tui stage: a view of captures in a terminal, without the terminal.
//!
//! ```text
//! keys  ->  View  ->  Wish  ->  read in the background  ->  Found  ->  View  ->  draw
//! ```
//!
//! A [`View`] is what is shown and where the cursors are: plain data, changed by [`Key`]s. What it lacks
//! it tells as a [`Wish`], which a pass over the capture fulfils. [`draw()`] shows a view in any area.
//!
//! No packet is kept but a window of them, bounded in packets and in octets: a file is read again for
//! the next one.

mod detail;
mod draw;
mod filter_line;
mod key;
mod overview;
mod panes;
mod shown;
mod view;
mod window;
mod wish;

pub use self::draw::draw;
pub use self::key::Key;
pub use self::overview::Overview;
pub use self::shown::Shown;
pub use self::view::{Look, View};
pub use self::window::{MAX_WINDOW, MAX_WINDOW_OCTETS, Window};
pub use self::wish::{Found, Wish};
