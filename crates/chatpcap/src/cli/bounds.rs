//! How much memory and time a capture may take.

use std::str::FromStr;

use chatpcap::flow::MAX_FLOWS;
use clap::Args;

/// How much of a capture is believed and kept.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Bounds {
    /// Tell at most so many TCP flows, and as many UDP flows, apart in each capture: later ones have no number,
    /// and their packets are counted together. A million takes at most 1.7 GB
    #[arg(long, value_name = "N", default_value_t = MAX_FLOWS, hide_default_value = true)]
    pub(super) max_flows: usize,

    /// Read at most so much of what a compressed capture expands to: 500M, 20G, or `all` [default: all, unless
    /// it has more than 1 GiB and 200 times its size]
    #[arg(long, value_name = "SIZE")]
    pub(super) max_decompressed: Option<Octets>,
}

/// A number of octets, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Octets(pub(super) u64);

impl FromStr for Octets {
    type Err = &'static str;

    /// `500M` as the SI has it: 500 million. `all` is all that there can be.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self(u64::MAX));
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit: u64 = match text.strip_prefix(digits).unwrap_or_default() {
            "" => 1,
            "k" | "K" => 1000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            _ => return Err("needs octets, as 500M or 20G, or `all`"),
        };
        let number: u64 = digits
            .parse()
            .map_err(|_| "needs octets, as 500M or 20G, or `all`")?;
        Ok(Self(number.saturating_mul(unit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |text: &str, expected| {
            let octets: Option<Octets> = text.parse().ok();
            assert_eq!(octets.map(|octets| octets.0), expected, "{text}");
        };
        check("0", Some(0));
        check("1500", Some(1500));
        check("7k", Some(7000));
        check("500M", Some(500_000_000));
        check("20G", Some(20_000_000_000));
        check("99999999T", Some(u64::MAX));
        check("all", Some(u64::MAX));
        for text in ["", "G", "-1", "1.5G", "1 G", "1GiB", "0x10", "none"] {
            check(text, None);
        }
    }
}
