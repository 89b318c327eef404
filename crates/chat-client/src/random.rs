//! Random numbers: secrets from the operating system, and the default source of jitter.

/// The operating system gave no random numbers: nothing secret can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandom;

/// Random octets for nonces, salts and keys.
pub(crate) fn octets<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|_| NoRandom)?;
    Ok(octets)
}

/// A random number for the back-off; 0 if the operating system has none.
pub fn jitter() -> u64 {
    octets().map(u64::from_ne_bytes).unwrap_or_default()
}
