//! The flows of a flow graph, as long as they are few enough to be listed.

use std::collections::BTreeMap;

use crate::trace::{Arrow, FlowNumber, Place};

/// Flows that are listed. Where there are more, rows show ports.
const MAX_FLOWS: usize = 8;

/// The flows of a flow graph.
#[derive(Clone, Debug, Default)]
pub struct Flows {
    list: BTreeMap<FlowNumber, (Place, Place)>,
    more: bool,
}

impl Flows {
    /// Flows of which nobody knows how many come.
    pub fn many() -> Self {
        Self {
            more: true,
            ..Self::default()
        }
    }

    /// Notes the flow of a packet that is drawn.
    pub fn see(&mut self, arrow: &Arrow) {
        let (Some(flow), Some(ends)) = (arrow.flow, arrow.ends) else {
            return;
        };
        if self.list.contains_key(&flow) {
            return;
        }
        if self.list.len() < MAX_FLOWS {
            self.list.insert(flow, ends);
        } else {
            self.more = true;
        }
    }

    /// The flows with the ends of their first packets, in the order of their numbers; `None` where there
    /// are too many.
    pub fn list(&self) -> Option<impl Iterator<Item = (FlowNumber, &(Place, Place))>> {
        (!self.more).then(|| self.list.iter().map(|(flow, ends)| (*flow, ends)))
    }
}
