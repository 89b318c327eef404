//! Lists of packets: a line each, or columns of fields.

mod fields;
mod list;
mod row;

pub use self::fields::{FieldForm, FieldList, Occurrence};
pub use self::list::{PacketForm, PacketList};
pub use self::row::PacketRow;
