//! All texts of a script at once: each form has its own way to make them safe.

use super::script::{ArrowText, CaptureText, Entry, FlowText, MarkText, NodeText, Note, Script};

impl Script {
    /// What letters and tags stand for. Of one capture there are no letters.
    pub(super) fn legend(&self) -> impl Iterator<Item = String> {
        let captures = self.captures.iter().filter(|_| self.captures.len() > 1);
        let captures = captures.map(CaptureText::legend);
        captures.chain(self.flows.iter().map(FlowText::legend))
    }

    /// The script with every text changed.
    pub(super) fn mapped(&self, change: &impl Fn(&str) -> String) -> Self {
        let captures = self.captures.iter();
        let flows = self.flows.iter().map(|flow| FlowText {
            tag: change(&flow.tag),
            ends: change(&flow.ends),
        });
        Self {
            captures: captures.map(|capture| capture.mapped(change)).collect(),
            nodes: self.nodes.iter().map(|node| node.mapped(change)).collect(),
            flows: flows.collect(),
            clock: self.clock,
            entries: self
                .entries
                .iter()
                .map(|entry| entry.mapped(change))
                .collect(),
            remarks: self.remarks.iter().map(|remark| change(remark)).collect(),
        }
    }
}

impl CaptureText {
    /// What its letter stands for: `frames a: client1.pcap, clock +0.000103 s`.
    pub(super) fn legend(&self) -> String {
        let name = format!("frames {}: {}", self.letter, self.name);
        match &self.clock {
            Some(clock) => format!("{name}, {clock}"),
            None => name,
        }
    }

    /// The capture with every text changed.
    pub(super) fn mapped(&self, change: &impl Fn(&str) -> String) -> Self {
        Self {
            letter: change(&self.letter),
            name: change(&self.name),
            clock: self.clock.as_deref().map(change),
        }
    }
}

impl FlowText {
    /// What its tag stands for: `tcp 0: 10.20.30.11:56026 to 10.20.30.3:5000`.
    pub(super) fn legend(&self) -> String {
        format!("{}: {}", self.tag, self.ends)
    }
}

impl NodeText {
    /// Who it is, where that is known: `10.20.30.3: server, www.ttm4200.com`.
    pub(super) fn legend(&self) -> Option<String> {
        let names = self.names.join(", ");
        (!names.is_empty()).then(|| format!("{}: {names}", self.address))
    }

    /// The names and the address, the best first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.names.iter().chain([&self.address]);
        lines.map(String::as_str).filter(|line| !line.is_empty())
    }

    /// The best name and the address, which tells hosts of one name apart.
    pub(super) fn title(&self) -> String {
        match self.names.first() {
            Some(name) => format!("{name} {}", self.address),
            None => self.address.clone(),
        }
    }

    /// The host with every text changed.
    pub(super) fn mapped(&self, change: &impl Fn(&str) -> String) -> Self {
        Self {
            names: self.names.iter().map(|name| change(name)).collect(),
            address: change(&self.address),
        }
    }
}

impl Entry {
    /// The entry with every text changed.
    pub(super) fn mapped(&self, change: &impl Fn(&str) -> String) -> Self {
        match self {
            Self::Arrow(arrow) => Self::Arrow(arrow.mapped(change)),
            Self::Note(note) => Self::Note(Note {
                frames: frames(&note.frames, change),
                time: change(&note.time),
                text: change(&note.text),
            }),
            Self::Gap(text) => Self::Gap(change(text)),
        }
    }
}

impl ArrowText {
    fn mapped(&self, change: &impl Fn(&str) -> String) -> Self {
        let marks = self.marks.iter().map(|mark| MarkText {
            text: change(&mark.text),
            severity: mark.severity,
        });
        Self {
            frames: frames(&self.frames, change),
            time: change(&self.time),
            label: change(&self.label),
            flow: self.flow.as_deref().map(change),
            detail: change(&self.detail),
            said: self.said.iter().map(|said| change(said)).collect(),
            marks: marks.collect(),
            delay: self.delay.as_deref().map(change),
            ..*self
        }
    }
}

fn frames(frames: &[Option<String>], change: &impl Fn(&str) -> String) -> Vec<Option<String>> {
    let frames = frames.iter();
    frames.map(|frame| frame.as_deref().map(change)).collect()
}
