//! What is written to a value of the kind that it is compared with.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::error::Fault;
use super::syntax::{Term, TermKind};
use crate::field::{self, Kind, Value};

/// Names of truths, as Wireshark takes them, in any case but `true` and `false`.
const TRUTHS: &[(&str, bool)] = &[("set", true), ("not set", false)];
const EXACT_TRUTHS: &[(&str, bool)] = &[
    ("True", true),
    ("TRUE", true),
    ("False", false),
    ("FALSE", false),
];

/// Names that stand for integers.
pub(super) type Names = &'static [(u64, &'static str)];

/// Reads a literal as a value of this kind; `names` are those of the field that it is compared with.
pub(super) fn literal(term: &Term, kind: Kind, names: Names) -> Result<Value<'static>, Fault> {
    let value = match &term.kind {
        TermKind::Word { text, .. } => word(text, kind, names),
        TermKind::Quoted(text) => quoted(text, kind, names),
        TermKind::Character(octet) => character(*octet, kind),
        _ => Err(format!("needs {}", kind.name())),
    };
    value.map_err(|message| {
        let fault = Fault::new(term.span.clone(), message);
        let TermKind::Word { text, .. } = &term.kind else {
            return fault;
        };
        match field::nearest(text).filter(|_| text.contains('.')) {
            Some(name) => fault.hint(format!("did you mean `{name}`?")),
            None => fault,
        }
    })
}

fn word(text: &str, kind: Kind, names: Names) -> Result<Value<'static>, String> {
    let needs = |what: &str| format!("needs {what}, has `{text}`");
    match kind {
        Kind::Boolean => truth(text)
            .or_else(|| unsigned(text, u64::MAX).ok().map(|number| number != 0))
            .map(Value::Boolean)
            .ok_or_else(|| needs("True, False or a number")),
        Kind::Unsigned(_) | Kind::FrameNumber => match named(text, names) {
            Some(number) => Ok(Value::Unsigned(number)),
            None => unsigned(text, kind.maximum().unwrap_or(u64::MAX)).map(Value::Unsigned),
        },
        Kind::Signed(bits) => {
            let maximum = (1_u64 << (bits.clamp(1, 64) - 1)) - 1;
            let number = unsigned(text, maximum)?;
            i64::try_from(number)
                .map(Value::Signed)
                .map_err(|_| needs("a number"))
        }
        Kind::Ipv4 => ipv4(text),
        Kind::Ipv6 => ipv6(text),
        Kind::Ethernet => octets(text)
            .and_then(|octets| octets.try_into().ok())
            .map(Value::Ethernet)
            .ok_or_else(|| needs("an Ethernet address like 02:42:0a:14:1e:0b")),
        Kind::Text => Ok(Value::Text(Cow::Owned(text.to_owned()))),
        Kind::Bytes | Kind::Protocol => octets(text)
            .map(|octets| Value::Bytes(Cow::Owned(octets)))
            .ok_or_else(|| needs("octets like 0d:0a, or text in quotes")),
        Kind::Duration => seconds(text)
            .map(Value::Nanoseconds)
            .ok_or_else(|| needs("seconds with at most nine decimals")),
        Kind::Time => time(text),
        Kind::Label => Err("is there or not: it has no value".to_owned()),
    }
}

fn quoted(text: &[u8], kind: Kind, names: Names) -> Result<Value<'static>, String> {
    let shown = String::from_utf8_lossy(text);
    match kind {
        Kind::Text => Ok(Value::Text(Cow::Owned(shown.into_owned()))),
        Kind::Bytes | Kind::Protocol => Ok(Value::Bytes(Cow::Owned(text.to_vec()))),
        Kind::Unsigned(_) => named(&shown, names).map(Value::Unsigned).ok_or_else(|| {
            format!(
                "needs a number without quotes, has \"{}\"",
                shown.escape_debug()
            )
        }),
        Kind::Boolean => truth_in_quotes(&shown)
            .map(Value::Boolean)
            .ok_or_else(|| "needs True, False or a number, without quotes".to_owned()),
        Kind::Time => time(&shown),
        _ => Err(format!("needs {} without quotes", kind.name())),
    }
}

fn character(octet: u8, kind: Kind) -> Result<Value<'static>, String> {
    match kind {
        Kind::Unsigned(_) => Ok(Value::Unsigned(octet.into())),
        Kind::Text => Ok(Value::Text(Cow::Owned(char::from(octet).to_string()))),
        Kind::Bytes | Kind::Protocol => Ok(Value::Bytes(Cow::Owned(vec![octet]))),
        _ => Err(format!("needs {}, has a character", kind.name())),
    }
}

fn named(text: &str, names: Names) -> Option<u64> {
    let mut names = names.iter();
    let name = names.find(|(_, name)| name.eq_ignore_ascii_case(text));
    name.map(|(number, _)| *number)
}

fn truth(text: &str) -> Option<bool> {
    let mut exact = EXACT_TRUTHS.iter();
    let found = exact
        .find(|(name, _)| *name == text)
        .map(|(_, truth)| *truth);
    found.or_else(|| truth_in_quotes(text))
}

fn truth_in_quotes(text: &str) -> Option<bool> {
    let mut names = TRUTHS.iter();
    let name = names.find(|(name, _)| name.eq_ignore_ascii_case(text));
    name.map(|(_, truth)| *truth)
}

/// A number as C writes it: decimal, `0x` hexadecimal, `0b` binary, `0` octal.
fn unsigned(text: &str, maximum: u64) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = if let Some(digits) = lower.strip_prefix("0x") {
        (digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (digits, 2)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (lower.as_str(), 8)
    } else {
        (lower.as_str(), 10)
    };
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if !is_number {
        return Err(format!("needs a number, has `{text}`"));
    }
    match u64::from_str_radix(digits, radix) {
        Ok(number) if number <= maximum => Ok(number),
        _ => Err(format!("needs a number up to {maximum}, has `{text}`")),
    }
}

fn ipv4(text: &str) -> Result<Value<'static>, String> {
    let (address, prefix) = split_prefix(text, 32)?;
    let address = address.parse::<Ipv4Addr>().map_err(|_| {
        format!("needs an IPv4 address like 10.20.30.11 or 10.20.30.0/24, has `{text}`")
    })?;
    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    Ok(Value::Ipv4(address.to_bits(), mask))
}

fn ipv6(text: &str) -> Result<Value<'static>, String> {
    let (address, prefix) = split_prefix(text, 128)?;
    let address = address
        .parse::<Ipv6Addr>()
        .map_err(|_| format!("needs an IPv6 address like fd00::11 or fd00::/64, has `{text}`"))?;
    let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
    Ok(Value::Ipv6(address.to_bits(), mask))
}

fn split_prefix(text: &str, longest: u32) -> Result<(&str, u32), String> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Ok((text, longest));
    };
    match prefix.parse() {
        Ok(prefix) if prefix <= longest => Ok((address, prefix)),
        _ => Err(format!(
            "needs a prefix of at most {longest} bits, has `{text}`"
        )),
    }
}

/// Octets in pairs of hexadecimal digits, with or without `:`, `-` or `.` between them; a single
/// digit or `0x` before a pair is one octet.
fn octets(text: &str) -> Option<Vec<u8>> {
    let single = text.strip_prefix("0x").filter(|digits| digits.len() == 2);
    let digits = single.unwrap_or(text);
    if digits.len() == 1 {
        return u8::from_str_radix(digits, 16).ok().map(|octet| vec![octet]);
    }
    let digits = digits.strip_prefix(':').unwrap_or(digits);
    let mut octets = Vec::new();
    let mut rest = digits;
    while !rest.is_empty() {
        let (pair, after) = rest.split_at_checked(2)?;
        if !pair.chars().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        octets.push(u8::from_str_radix(pair, 16).ok()?);
        rest = match after.strip_prefix([':', '-', '.']) {
            Some("") => return None,
            Some(after) => after,
            None => after,
        };
    }
    (!octets.is_empty()).then_some(octets)
}

fn seconds(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanoseconds: i128 = format!("{fraction:0<9}").parse().ok()?;
    let whole: i128 = whole.parse::<i64>().ok()?.into();
    Some(whole * 1_000_000_000 + nanoseconds)
}

/// A point in time: `Nov 22, 2026 18:33:13.5`, or as ISO 8601 writes it, with or without a zone;
/// without one it is UTC.
fn time(text: &str) -> Result<Value<'static>, String> {
    use jiff::civil::DateTime;
    use jiff::fmt::strtime;
    use jiff::tz::TimeZone;

    let text = text.trim();
    let text = text.strip_suffix("UTC").map_or(text, str::trim);
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let civil = || -> Option<DateTime> {
        if let Ok(time) = text.parse::<DateTime>() {
            return Some(time);
        }
        let forms = [
            "%b %d, %Y %H:%M:%S%.f",
            "%b %d, %Y %H:%M:%S",
            "%b %d, %Y %H:%M",
            "%b %d, %Y",
        ];
        forms.iter().find_map(|form| {
            let time = strtime::parse(form, text).ok()?;
            time.to_datetime()
                .or_else(|_| {
                    time.to_date()
                        .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
                })
                .ok()
        })
    };
    let time = zoned.or_else(|| {
        let zoned = civil()?.to_zoned(TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    });
    time.map(|time| Value::Nanoseconds(time.as_nanosecond())).ok_or_else(|| {
        format!("needs a time like \"2026-11-22 18:33:13\" or \"Nov 22, 2026 18:33:13.5\", has \"{}\"", text.escape_debug())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_in_c() {
        for (text, number) in [
            ("0", 0),
            ("80", 80),
            ("0x50", 80),
            ("0X50", 80),
            ("0120", 80),
            ("0b1010000", 80),
        ] {
            assert_eq!(unsigned(text, 100), Ok(number), "{text}");
        }
        for text in [
            "",
            "09",
            "0x",
            "1e3",
            "1.5",
            "101",
            "99999999999999999999",
            "+5",
        ] {
            assert!(unsigned(text, 100).is_err(), "{text}");
        }
    }

    #[test]
    fn octets_in_every_form() {
        for text in [
            "ff:00:1a",
            "ff-00-1a",
            "ff00.1a",
            "ff001a",
            ":ff:00:1a",
            "FF:00:1A",
        ] {
            assert_eq!(octets(text), Some(vec![0xff, 0x00, 0x1a]), "{text}");
        }
        assert_eq!(octets("1"), Some(vec![1]));
        assert_eq!(octets("0x1f"), Some(vec![0x1f]));
        for text in ["", "0x1", "0xffff", "f:f", "fff", "ff:", "zz", "+1", "ü1"] {
            assert_eq!(octets(text), None, "{text}");
        }
    }

    #[test]
    fn times_in_every_form() {
        let expected = 1_795_372_393_i128 * 1_000_000_000;
        for text in [
            "2026-11-22 18:33:13",
            "2026-11-22T18:33:13Z",
            "2026-11-22T19:33:13+01:00",
            "2026-11-22 18:33:13 UTC",
            "Nov 22, 2026 18:33:13",
            "Nov 22, 2026 18:33:13.000000000",
        ] {
            match time(text) {
                Ok(Value::Nanoseconds(time)) => assert_eq!(time, expected, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in ["", "18:33:13", "1795372393", "yesterday"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_have_nine_decimals_at_most() {
        assert_eq!(seconds("1"), Some(1_000_000_000));
        assert_eq!(seconds("1.5"), Some(1_500_000_000));
        assert_eq!(seconds("0.000000001"), Some(1));
        for text in ["", "1.", ".5", "1.0000000001", "1s", "-1"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
