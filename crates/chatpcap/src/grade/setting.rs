//! Where the captures of a hand-in should come from, as a rubric says it.

use std::net::IpAddr;

use serde::Deserialize;

use super::Remark;
use super::hand_in::{PatternError, Patterns};
use super::inspection::Inspection;
use super::late::Moment;
use super::provenance::{self, Lab, View};

/// Where the captures of a hand-in should come from.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Who is in the lab, and when it was done.
    pub lab: Lab,
    /// Which files were captured on which host.
    pub hosts: Vec<(Patterns, IpAddr)>,
}

/// The table `[lab]` of a rubric.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSetting {
    server: IpAddr,
    clients: [IpAddr; 2],
    dns: IpAddr,
    name: String,
    not_before: Option<Moment>,
    not_after: Option<Moment>,
    #[serde(default)]
    capture: Vec<RawHost>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHost {
    files: Vec<String>,
    host: IpAddr,
}

impl Setting {
    pub(super) fn new(raw: RawSetting) -> Result<Self, PatternError> {
        let hosts = raw.capture.into_iter();
        Ok(Self {
            lab: Lab {
                server: raw.server,
                clients: raw.clients,
                dns: raw.dns,
                name: raw.name,
                not_before: raw.not_before.map(Moment::timestamp),
                not_after: raw.not_after.map(Moment::timestamp),
            },
            hosts: hosts
                .map(|raw| Ok((Patterns::new(&raw.files)?, raw.host)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// What to look at in the captures of one hand-in.
    pub(super) fn remarks(&self, captures: &[Inspection]) -> Vec<Remark> {
        let views: Vec<View<'_>> = captures
            .iter()
            .map(|inspection| View {
                inspection,
                host: self.host(&inspection.trace.name),
            })
            .collect();
        provenance::remarks(&self.lab, &views)
    }

    /// The host that a file should be from: of several the first.
    fn host(&self, file: &str) -> Option<IpAddr> {
        let mut hosts = self.hosts.iter();
        let (_, host) = hosts.find(|(patterns, _)| patterns.matches(file))?;
        Some(*host)
    }
}
