//! Writes the inputs that fuzz targets begin with, each into a folder of its target's name.
//!
//! ```text
//! cargo run -p tests --example seeds -- FOLDER
//! ```

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;

use tests::fuzz::TARGETS;

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("needs a folder"))?;
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
