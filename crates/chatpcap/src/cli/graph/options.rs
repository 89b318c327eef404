//! What the options of a flow graph say.

use chatpcap::graph::Hidden;
use chatpcap::trace::FlowNumber;

/// A flow: `tcp:3`.
pub(super) fn flow(text: &str) -> Result<FlowNumber, String> {
    let parts = text.split_once([':', ' ', '.']);
    let parsed = parts.and_then(|(transport, index)| {
        let index = index.parse().ok()?;
        match transport {
            "tcp" => Some(FlowNumber::Tcp(index)),
            "udp" => Some(FlowNumber::Udp(index)),
            _ => None,
        }
    });
    parsed.ok_or_else(|| "needs a transport and a number: tcp:3, udp:0".to_owned())
}

/// Something to hide: a protocol's name, or a host.
pub(super) fn hidden(text: &str) -> Result<Hidden, String> {
    let named = Hidden::NAMED.into_iter().find(|(name, _)| *name == text);
    let host = || text.parse().ok().map(Hidden::Host);
    named
        .map(|(_, hidden)| hidden)
        .or_else(host)
        .ok_or_else(|| {
            let names: Vec<&str> = Hidden::NAMED.iter().map(|(name, _)| *name).collect();
            format!("needs {} or an IP address", names.join(", "))
        })
}
