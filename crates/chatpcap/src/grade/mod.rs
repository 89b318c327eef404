//! The grade stage: a folder of hand-ins, what is in each, and what they have in common.
//!
//! [`hand_in`] lists the hand-ins and reads their files within limits. An [`Inspection`] is one pass over
//! one of their captures. [`shared`] finds hand-ins that hold the same run by the [`mark`]s of their
//! captures, and [`provenance`] tells whether they look like the lab as it was recorded. What is odd about a
//! hand-in is a [`Remark`]; it never stops the reading of another.
//!
//! A [`Rubric`] says what a hand-in is worth, a [`Grade`] what one gets and why, a [`Gradebook`] what a
//! class gets.

mod assertion;
mod gradebook;
pub mod hand_in;
mod hand_in_grade;
mod inspection;
mod item;
mod late;
pub mod mark;
mod odd_name;
mod points;
pub mod provenance;
mod remark;
mod rubric;
mod setting;
pub mod shared;

pub use self::assertion::{Assertion, AssertionError};
pub use self::gradebook::{Gradebook, Terms};
pub use self::hand_in_grade::Grade;
pub use self::inspection::Inspection;
pub use self::item::{Item, ItemKind, Look};
pub use self::late::{Late, LateRule, Moment, Times, TimesError};
pub use self::points::{Percent, Points};
pub use self::remark::Remark;
pub use self::rubric::{Evidence, LAB, Part, Rubric, RubricError, Worth};
pub use self::setting::Setting;
