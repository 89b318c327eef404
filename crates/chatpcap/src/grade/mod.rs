//! The grade stage: a folder of hand-ins, what is in each, and what they have in common.
//!
//! [`hand_in`] lists the hand-ins and reads their files within limits. What is odd about one is a
//! [`Remark`]; it never stops the reading of another.

pub mod hand_in;
mod remark;

pub use self::remark::Remark;
