//! Writes the hand-ins of a made class into a folder, and says which of them hold one run.
//!
//! ```text
//! cargo run --release -p tests --example class -- --hand-ins 300 /tmp/class
//! ```

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Parser;
use tests::class::{Class, Options};
use tests::hostile_hand_ins;

/// Write the hand-ins of a made class; the same options give the same octets.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to write them into
    folder: PathBuf,

    /// How many
    #[arg(long, default_value_t = 300)]
    hand_ins: usize,

    /// Where the random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Also those that somebody made to break what reads them
    #[arg(long)]
    hostile: bool,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let class = Class::new(Options {
        hand_ins: arguments.hand_ins,
        seed: arguments.seed,
    });
    fs::create_dir_all(&arguments.folder)?;
    class.write(&arguments.folder);
    if arguments.hostile {
        let capture = class.hand_ins[0].captures[0].recording.pcap();
        hostile_hand_ins::write(&arguments.folder, &capture);
    }
    for ([one, other], disguises) in &class.planted {
        let [one, other] = [one, other].map(|number| &class.hand_ins[*number].name);
        let disguises: Vec<String> = disguises
            .iter()
            .map(|disguise| format!("{disguise:?}"))
            .collect();
        println!("{one} {other} {}", disguises.join(" "));
    }
    Ok(())
}
