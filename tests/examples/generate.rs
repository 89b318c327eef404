//! Writes a large capture for measurements.
//!
//! ```text
//! cargo run --release -p tests --example generate -- --packets 1000000 --flows 11000 out.pcap
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tests::generator::{Generator, Options, Preset};

/// Write a pcap of chat-like traffic; the same options give the same octets.
#[derive(Debug, Parser)]
struct Arguments {
    /// The file to write; `-` is standard output
    file: PathBuf,

    /// Frames. A gigabyte takes about 4 million of `chat`, 1.2 million of `bulk`, 13 million of `small`
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
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut generator = Generator::new(Options {
        packets: arguments.packets,
        flows: arguments.flows,
        seed: arguments.seed,
        preset: match arguments.preset {
            Traffic::Chat => Preset::Chat,
            Traffic::Bulk => Preset::Bulk,
            Traffic::Small => Preset::Small,
        },
    })
    .with_live(arguments.live);
    let mut out: Box<dyn io::Write> = if arguments.file.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(&arguments.file)?)
    };
    io::copy(&mut generator, &mut out)?;
    out.flush()
}
