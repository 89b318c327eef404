//! The grade stage: a folder of hand-ins, what is in each, and what they have in common.
//!
//! [`hand_in`] lists the hand-ins and reads their files within limits. An [`Inspection`] is one pass over
//! one of their captures. [`shared`] finds hand-ins that hold the same run by the [`mark`]s of their
//! captures. What is odd about a hand-in is a [`Remark`]; it never stops the reading of another.

pub mod hand_in;
mod inspection;
pub mod mark;
mod remark;
pub mod shared;

pub use self::inspection::Inspection;
pub use self::remark::Remark;
