//! Octets that are damaged at random.

use crate::random::Random;

/// One change: a bit, an octet, a cut, octets too many, or a piece that stands twice.
pub fn mutate(octets: &mut Vec<u8>, random: &mut Random) {
    const TELLING: [u8; 10] = [0, 1, 4, 6, 0x7f, 0x80, 0xfe, 0xff, 0x45, 0x60];
    if octets.is_empty() {
        octets.push(random.octet());
        return;
    }
    let at = random.below(octets.len());
    match random.below(8) {
        0..=2 => octets[at] ^= 1 << random.below(8),
        3 | 4 => octets[at] = *random.one_of(&TELLING),
        5 => octets[at] = random.octet(),
        6 => octets.truncate(at),
        _ => {
            let end = (at + 1 + random.below(32)).min(octets.len());
            let piece = octets[at..end].to_vec();
            octets.splice(at..at, piece);
        }
    }
}
