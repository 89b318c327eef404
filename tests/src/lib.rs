//! Shared helpers of the end-to-end tests.

pub mod authority;
pub mod browser;
pub mod flood;
pub mod found;
pub mod frames;
pub mod fuzz;
pub mod generator;
pub mod golden;
pub mod graphs;
pub mod hostile_hand_ins;
pub mod lab;
pub mod mermaid;
pub mod mutation;
pub mod notebook;
pub mod observed;
pub mod pcapng;
pub mod program;
pub mod random;
pub mod ranges;
pub mod recording;
pub mod scenario;
pub mod schema;
pub mod script;
pub mod segments;
pub mod small_class;
pub mod source;
pub mod story;
pub mod tshark;
pub mod whole_frames;
pub mod wild;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Captures whose flows and protocols tshark takes from inside a tunnel too. They are compared on
/// the outer headers, which are the ones that chatpcap decodes: tshark's figures are not wrong,
/// they count packets inside packets.
pub const TUNNELS: &[(&str, &str)] = &[
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/eoip/05_ipv4_eoip_inner_qinq_ipv6_tcp.pcap",
        "EoIP",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/geneve/19_geneve_same_inner_tuple_different_vni.pcap",
        "Geneve",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/geneve/21_geneve_identity_outer_carrier_variation_same_flow.pcap",
        "Geneve",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/gtpu/22_gtpu_udp_port_direction_matrix.pcap",
        "GTP-U",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/gtpu/24_gtpu_flag_matrix_inner_ipv4_tcp.pcap",
        "GTP-U",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/vxlan/10_vxlan_same_inner_tuple_different_vni.pcap",
        "VXLAN",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/vxlan/21_vxlan_linux_sll2_ipv6_inner_ipv6_udp.pcap",
        "VXLAN",
    ),
    (
        "arkime+arkime/tests/pcap/arkime_synthetic.pcap",
        "GRE, VXLAN, GTP-U, Geneve, NSH, Cisco metadata",
    ),
    ("arkime+arkime/tests/pcap/gtp-iphone.pcap", "GTP-U"),
    ("the-tcpdump-group+tcpdump/tests/vxlan.pcap", "VXLAN"),
    (
        "zeek+zeek/testing/btest/Traces/tunnels/gre-aruba.pcap",
        "GRE",
    ),
    (
        "zeek+zeek/testing/btest/Traces/tunnels/gtp/gtp1_gn_normal_incl_fragmentation.pcap",
        "GTP-U",
    ),
];

/// The folder of captures and reference figures beside the project, if it is there.
///
/// A test that needs it says that it skips, and passes, where it is missing.
pub fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    shared.is_dir().then_some(shared)
}

/// A capture of the corpus.
#[derive(Clone, Debug)]
pub struct CorpusCapture {
    /// Repository and path, as the manifest names it.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// Every capture of the corpus and what tshark says of it, in the manifest's order.
pub fn corpus() -> Option<Vec<(CorpusCapture, Value)>> {
    let corpus = shared()?.join("corpus");
    let manifest = fs::read_to_string(corpus.join("manifest.tsv")).ok()?;
    let names = manifest
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next());
    let entries = names.map(|name| {
        let facts = corpus.join("facts").join(format!("{name}.json"));
        let facts = fs::read(&facts).unwrap_or_else(|error| panic!("{}: {error}", facts.display()));
        let facts = serde_json::from_slice(&facts).unwrap();
        (
            CorpusCapture {
                name: name.to_owned(),
                path: corpus.join("captures").join(name),
            },
            facts,
        )
    });
    Some(entries.collect())
}

/// All files below a folder, in order of their paths.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder that can be read") {
            let path = entry.expect("an entry that can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
pub mod chat;
pub mod class;
