//! Octets that a fuzzer made, read as choices.

/// Octets that a fuzzer made, read one after another as choices. Behind their end stand zeros.
#[derive(Clone, Copy, Debug)]
pub struct Tape<'a> {
    rest: &'a [u8],
}

impl<'a> Tape<'a> {
    /// The tape with these octets.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Whether there is nothing more on it.
    pub const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next octet.
    pub fn octet(&mut self) -> u8 {
        self.octets(1).first().copied().unwrap_or(0)
    }

    /// 16 bits.
    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// 32 bits.
    pub fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    /// A number below `limit`, which is not 0 and at most 256.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.octet()) % limit
    }

    /// One of these, at most 256.
    pub fn one_of<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }

    /// So many octets, or as many as there are.
    pub fn octets(&mut self, count: usize) -> &'a [u8] {
        let (octets, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        octets
    }

    /// Octets behind one that says how many they are.
    pub fn short(&mut self) -> &'a [u8] {
        let count = self.octet();
        self.octets(count.into())
    }

    /// Octets behind two that say how many they are.
    pub fn long(&mut self) -> &'a [u8] {
        let count = self.u16();
        self.octets(count.into())
    }

    /// All that is left.
    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }
}
