//! Writes a large capture for measurements, or one that tries to fill its reader's memory.
//!
//! ```text
//! cargo run --release -p tests --example generate -- --packets 1000000 --flows 11000 out.pcap
//! cargo run --release -p tests --example generate -- --preset syn-flood --packets 10000000 out.pcap
//! ```

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tests::flood::Flood;
use tests::generator::{Generator, Options, Preset};

/// Write a pcap of chat-like traffic; the same options give the same octets.
#[derive(Debug, Parser)]
struct Arguments {
    /// The file to write; `-` is standard output
    file: PathBuf,

    /// Frames, or of a flood as many of what it is made of. A gigabyte takes about 4 million of `chat`, 1.2
    /// million of `bulk`, 13 million of `small`
    #[arg(long, default_value_t = 1_000_000)]
    packets: u64,

    /// TCP and UDP flows
    #[arg(long, default_value_t = 11_000)]
    flows: u64,

    /// Flows that go on at one time
    #[arg(long, default_value_t = 256)]
    live: usize,

    /// Where the random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// What the flows carry
    #[arg(long, value_enum, default_value_t = Traffic::Chat)]
    preset: Traffic,
}

/// What flows carry.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Traffic {
    /// Mostly short lines, some long ones, private messages over UDP
    Chat,
    /// Downloads in full segments
    Bulk,
    /// The shortest frames that there are
    Small,
    /// SYNs from addresses that somebody made up
    SynFlood,
    /// Lines of the chat, each of another connection
    SayFlood,
    /// Datagrams to the chat's port, each of another flow
    UdpFlood,
    /// ARP answers, each of another host
    ArpFlood,
    /// DNS answers, each with another name and address
    DnsFlood,
    /// First fragments, each of another datagram
    FragmentFlood,
    /// Records with no octets
    NothingFlood,
    /// pcapng interfaces
    InterfaceFlood,
    /// pcapng interfaces, each with a frame
    InterfaceFrameFlood,
    /// pcapng sections, each with an interface and a frame
    SectionFlood,
    /// pcapng blocks of names
    NameFlood,
    /// pcapng frames, each with 32 KiB of options
    OptionFlood,
}

impl Traffic {
    /// What a flood is made of; for others what flows carry.
    const fn kind(self) -> Result<Flood, Preset> {
        Ok(match self {
            Self::Chat => return Err(Preset::Chat),
            Self::Bulk => return Err(Preset::Bulk),
            Self::Small => return Err(Preset::Small),
            Self::SynFlood => Flood::Syn,
            Self::SayFlood => Flood::Say,
            Self::UdpFlood => Flood::Udp,
            Self::ArpFlood => Flood::Arp,
            Self::DnsFlood => Flood::Dns,
            Self::FragmentFlood => Flood::Fragment,
            Self::NothingFlood => Flood::Nothing,
            Self::InterfaceFlood => Flood::Interface,
            Self::InterfaceFrameFlood => Flood::InterfaceAndFrame,
            Self::SectionFlood => Flood::Section,
            Self::NameFlood => Flood::Name,
            Self::OptionFlood => Flood::Options,
        })
    }
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut capture: Box<dyn Read> = match arguments.preset.kind() {
        Ok(flood) => Box::new(flood.of(arguments.packets)),
        Err(preset) => {
            let options = Options {
                packets: arguments.packets,
                flows: arguments.flows,
                seed: arguments.seed,
                preset,
            };
            Box::new(Generator::new(options).with_live(arguments.live))
        }
    };
    let mut out: Box<dyn io::Write> = if arguments.file.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(&arguments.file)?)
    };
    io::copy(&mut capture, &mut out)?;
    out.flush()
}
