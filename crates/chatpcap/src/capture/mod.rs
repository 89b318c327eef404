//! The capture stage: octets of a capture file to frames.
