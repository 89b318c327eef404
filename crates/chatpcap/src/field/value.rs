//! Values of fields: what they are, how they compare, how they print.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::capture::Timestamp;

/// What a field's values are. The types are Wireshark's, so that filters mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There or not there.
    Label,
    /// A whole header with what it carries.
    Protocol,
    /// True or false.
    Boolean,
    /// An unsigned integer of so many bits: 8, 16, 24, 32 or 64.
    Unsigned(u8),
    /// A signed integer of so many bits.
    Signed(u8),
    /// The number of another frame.
    FrameNumber,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An Ethernet address.
    Ethernet,
    /// Text.
    Text,
    /// Octets.
    Bytes,
    /// A length of time, in seconds.
    Duration,
    /// A point in time.
    Time,
}

impl Kind {
    /// What users read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Protocol => "protocol",
            Self::Boolean => "boolean",
            Self::Unsigned(8) => "unsigned integer, 8 bits",
            Self::Unsigned(16) => "unsigned integer, 16 bits",
            Self::Unsigned(24) => "unsigned integer, 24 bits",
            Self::Unsigned(32) => "unsigned integer, 32 bits",
            Self::Unsigned(_) => "unsigned integer, 64 bits",
            Self::Signed(_) => "signed integer",
            Self::FrameNumber => "frame number",
            Self::Ipv4 => "IPv4 address",
            Self::Ipv6 => "IPv6 address",
            Self::Ethernet => "Ethernet address",
            Self::Text => "text",
            Self::Bytes => "octets",
            Self::Duration => "seconds",
            Self::Time => "time",
        }
    }

    /// The largest value of an unsigned integer of this kind; `None` where there are none.
    pub const fn maximum(self) -> Option<u64> {
        match self {
            Self::Unsigned(bits) if bits < 64 => Some((1 << bits) - 1),
            Self::Unsigned(_) => Some(u64::MAX),
            Self::FrameNumber => Some(u32::MAX as u64),
            _ => None,
        }
    }

    /// Whether values are octets in a row, which can be searched.
    pub const fn is_octets(self) -> bool {
        matches!(self, Self::Protocol | Self::Bytes | Self::Ethernet)
    }

    /// Whether slices can be taken of values.
    pub const fn can_be_sliced(self) -> bool {
        self.is_octets() || matches!(self, Self::Text | Self::Ipv4 | Self::Ipv6)
    }

    /// Whether `+ - * / %` mean something.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Unsigned(_) | Self::Signed(_) | Self::FrameNumber
        )
    }

    /// Whether values of the two kinds can be compared.
    pub const fn is_comparable_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Label, _) | (_, Self::Label) => false,
            (Self::Boolean, Self::Boolean)
            | (Self::Signed(_), Self::Signed(_))
            | (Self::Ipv4, Self::Ipv4)
            | (Self::Ipv6, Self::Ipv6)
            | (Self::Text, Self::Text)
            | (Self::Duration, Self::Duration)
            | (Self::Time, Self::Time)
            | (Self::Unsigned(_) | Self::FrameNumber, Self::Unsigned(_) | Self::FrameNumber) => {
                true
            }
            (a, b) => a.is_octets() && b.is_octets(),
        }
    }
}

/// One value of a field.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// The field is there, and has no value.
    Present,
    /// True or false.
    Boolean(bool),
    /// An unsigned integer or a frame number.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// An IPv4 address, and the mask under which it is compared: all ones for a field.
    Ipv4(u32, u32),
    /// An IPv6 address, and the mask under which it is compared.
    Ipv6(u128, u128),
    /// An Ethernet address.
    Ethernet([u8; 6]),
    /// Text.
    Text(Cow<'a, str>),
    /// Octets.
    Bytes(Cow<'a, [u8]>),
    /// A header of so many octets, and with it what it carries, as far as it was captured.
    Protocol(&'a [u8], usize),
    /// A length of time or, since the Unix epoch, a point in time, in nanoseconds.
    Nanoseconds(i128),
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Nanoseconds(
            i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanoseconds()),
        )
    }
}

impl Value<'_> {
    /// An IPv4 address of a field.
    pub const fn ipv4(address: u32) -> Self {
        Self::Ipv4(address, u32::MAX)
    }

    /// An IPv6 address of a field.
    pub const fn ipv6(address: u128) -> Self {
        Self::Ipv6(address, u128::MAX)
    }

    /// The octets of the value itself: of a header without what it carries, of text in UTF-8, of
    /// an address in network order. `None` for numbers.
    pub fn octets(&self) -> Option<Cow<'_, [u8]>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Bytes(octets) => Cow::Borrowed(octets),
            Self::Ethernet(address) => Cow::Borrowed(address),
            Self::Protocol(octets, header) => {
                Cow::Borrowed(octets.get(..*header).unwrap_or(octets))
            }
            Self::Ipv4(address, _) => Cow::Owned(address.to_be_bytes().to_vec()),
            Self::Ipv6(address, _) => Cow::Owned(address.to_be_bytes().to_vec()),
            _ => return None,
        })
    }

    /// The octets that are searched: of a header with what it carries.
    pub fn searched(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Protocol(octets, _) => Some(Cow::Borrowed(octets)),
            _ => self.octets(),
        }
    }

    /// Whether the value counts as false where it stands alone, as the result of a calculation.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Boolean(value) => !value,
            Self::Unsigned(value) => *value == 0,
            Self::Signed(value) => *value == 0,
            Self::Ipv4(address, _) => *address == 0,
            Self::Ipv6(address, _) => *address == 0,
            Self::Nanoseconds(value) => *value == 0,
            Self::Ethernet(address) => address.iter().all(|octet| *octet == 0),
            Self::Bytes(octets) => octets.iter().all(|octet| *octet == 0),
            _ => false,
        }
    }

    /// How the value stands to another of a comparable kind; `None` where the two cannot be compared.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Unsigned(a), Self::Unsigned(b)) => a.cmp(b),
            (Self::Signed(a), Self::Signed(b)) => a.cmp(b),
            (Self::Nanoseconds(a), Self::Nanoseconds(b)) => a.cmp(b),
            (Self::Ipv4(a, mask), Self::Ipv4(b, other)) => {
                let mask = mask & other;
                (a & mask).cmp(&(b & mask))
            }
            (Self::Ipv6(a, mask), Self::Ipv6(b, other)) => {
                let mask = mask & other;
                (a & mask).cmp(&(b & mask))
            }
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            // As in Wireshark the longer octets are the larger ones, whatever they are.
            _ => {
                let (a, b) = (self.octets()?, other.octets()?);
                a.len().cmp(&b.len()).then_with(|| a.cmp(&b))
            }
        })
    }

    /// The same value, independent of the packet.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Present => Value::Present,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Unsigned(value) => Value::Unsigned(value),
            Self::Signed(value) => Value::Signed(value),
            Self::Ipv4(address, mask) => Value::Ipv4(address, mask),
            Self::Ipv6(address, mask) => Value::Ipv6(address, mask),
            Self::Ethernet(address) => Value::Ethernet(address),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(octets) => Value::Bytes(Cow::Owned(octets.into_owned())),
            Self::Protocol(octets, header) => {
                Value::Bytes(Cow::Owned(octets.get(..header).unwrap_or(octets).to_vec()))
            }
            Self::Nanoseconds(value) => Value::Nanoseconds(value),
        }
    }
}

/// How unsigned integers and octets are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// Decimal.
    #[default]
    Decimal,
    /// Hexadecimal after `0x`, as wide as the field's type.
    Hexadecimal,
    /// Octets with colons between them.
    Colons,
}

/// A value as `tshark -T fields` prints it.
#[derive(Debug)]
pub struct Printed<'a> {
    /// The value.
    pub value: &'a Value<'a>,
    /// What the field's values are.
    pub kind: Kind,
    /// How its integers are printed.
    pub base: Base,
    /// The field's name, which stands for a value that has none of its own.
    pub name: &'static str,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Value::Present => f.write_str("1"),
            Value::Boolean(value) => write!(f, "{}", u8::from(*value)),
            Value::Unsigned(value) => match (self.base, self.kind) {
                (Base::Hexadecimal, Kind::Unsigned(bits)) => {
                    write!(f, "{value:#0width$x}", width = usize::from(bits / 4) + 2)
                }
                _ => write!(f, "{value}"),
            },
            Value::Signed(value) => write!(f, "{value}"),
            Value::Ipv4(address, _) => write!(f, "{}", Ipv4Addr::from_bits(*address)),
            Value::Ipv6(address, _) => write!(f, "{}", Ipv6Addr::from_bits(*address)),
            Value::Ethernet(address) => with_colons(f, address),
            Value::Text(text) => f.write_str(text),
            Value::Bytes(octets) if self.base == Base::Colons => with_colons(f, octets),
            Value::Bytes(octets) => octets.iter().try_for_each(|octet| write!(f, "{octet:02x}")),
            Value::Protocol(..) => f.write_str(self.name),
            Value::Nanoseconds(value) if self.kind == Kind::Time => absolute(f, *value),
            Value::Nanoseconds(value) => {
                let sign = if *value < 0 { "-" } else { "" };
                let value = value.unsigned_abs();
                let (seconds, fraction) = (value / 1_000_000_000, value % 1_000_000_000);
                write!(f, "{sign}{seconds}.{fraction:09}")
            }
        }
    }
}

fn with_colons(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    for (index, octet) in octets.iter().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        write!(f, "{colon}{octet:02x}")?;
    }
    Ok(())
}

/// `Nov 22, 2026 18:33:13.682968000 UTC`.
fn absolute(f: &mut fmt::Formatter<'_>, nanoseconds: i128) -> fmt::Result {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
    let fraction = u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0);
    let utc = Timestamp::new(seconds, fraction).to_utc(9);
    let parts = utc
        .trim_end_matches('Z')
        .split_once('T')
        .and_then(|(date, time)| {
            let (rest, day) = date.rsplit_once('-')?;
            let (year, month) = rest.rsplit_once('-')?;
            let month = month.parse::<usize>().ok()?.checked_sub(1)?;
            let day = day.parse::<u8>().ok()?;
            Some((MONTHS.get(month)?, day, year.to_owned(), time.to_owned()))
        });
    match parts {
        Some((month, day, year, time)) => write!(f, "{month} {day:>2}, {year} {time} UTC"),
        None => f.write_str(&utc),
    }
}
