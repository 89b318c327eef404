//! A made class: hand-ins of independent runs of the lab, a few of which are copies in disguise.
//!
//! The same seed gives the same class.

mod answers;
mod disguise;
mod run;
mod tcp;

use std::fs;
use std::path::Path;

use crate::hostile_hand_ins::zipped;
use crate::random::Random;
use crate::recording::{FileFormat, Recording, gzip};

pub use self::answers::Mistake;
pub use self::disguise::Disguise;
pub use self::run::{Clock, Run, Style};

/// When the first student runs the lab: 2026-11-02T08:00:00Z, in nanoseconds since the Unix epoch.
const FIRST: u64 = 1_793_606_400_000_000_000;
/// For how long others do: three weeks.
const WEEKS: u64 = 3 * 7 * 86_400_000_000_000;

/// What a class is made of.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many hand-ins.
    pub hand_ins: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// A made class.
#[derive(Clone, Debug)]
pub struct Class {
    /// The hand-ins, in the order of their names.
    pub hand_ins: Vec<HandIn>,
    /// Which of them hold one run, and how the second of them is disguised.
    pub planted: Vec<([usize; 2], Vec<Disguise>)>,
}

/// A made hand-in.
#[derive(Clone, Debug)]
pub struct HandIn {
    /// The student's name.
    pub name: String,
    /// The captures.
    pub captures: Vec<Capture>,
    /// The answers: a file's name, and what is in it.
    pub answers: (String, Vec<u8>),
    /// What is wrong with them.
    pub mistake: Option<Mistake>,
    /// Whether it is a zip file.
    pub zip: bool,
    style: Style,
}

/// A capture of a made hand-in.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The file's name.
    pub name: String,
    /// Its frames.
    pub recording: Recording,
    /// How it is written.
    pub format: FileFormat,
    /// Whether it is compressed.
    pub gzip: bool,
}

/// The planted pairs: every disguise alone or with others.
const PLANTED: [&[Disguise]; 6] = [
    &[Disguise::Renamed, Disguise::Shifted],
    &[Disguise::Trimmed],
    &[Disguise::Merged, Disguise::Resaved],
    &[Disguise::Filtered],
    &[Disguise::Readdressed, Disguise::Shifted],
    &[
        Disguise::Trimmed,
        Disguise::Filtered,
        Disguise::Readdressed,
        Disguise::Shifted,
        Disguise::Resaved,
        Disguise::Renamed,
    ],
];

impl Class {
    /// Makes a class.
    ///
    /// # Panics
    /// If there is no room for the planted pairs.
    pub fn new(options: Options) -> Self {
        let mut random = Random::new(options.seed);
        let mut hand_ins: Vec<HandIn> = (1..=options.hand_ins)
            .map(|number| HandIn::new(&format!("student-{number:03}"), &mut random))
            .collect();
        let mut free: Vec<usize> = (0..hand_ins.len()).collect();
        let mut planted = Vec::new();
        for disguises in PLANTED {
            let [one, other] = [(); 2].map(|()| free.swap_remove(random.below(free.len())));
            let copied = hand_ins[one].clone();
            hand_ins[other].copy(&copied, disguises, &mut random);
            planted.push(([one.min(other), one.max(other)], disguises.to_vec()));
        }
        Self { hand_ins, planted }
    }

    /// Writes the hand-ins into a folder.
    pub fn write(&self, folder: &Path) {
        for hand_in in &self.hand_ins {
            hand_in.write(folder);
        }
    }
}

impl HandIn {
    /// The hand-in of a student who ran the lab himself.
    pub fn new(name: &str, random: &mut Random) -> Self {
        let style = Style::random(random);
        let start = FIRST + random.next() % WEEKS;
        let run = Run::new(random, style, start);
        let format = match random.below(6) {
            0 => FileFormat::Pcapng { big_endian: false },
            1 => FileFormat::Pcap {
                nanoseconds: true,
                big_endian: false,
            },
            _ => FileFormat::PCAP,
        };
        let is_compressed = random.below(10) == 0;
        let mistake = (random.below(3) == 0).then(|| *random.one_of(&Mistake::ALL));
        let answers = answers::answers(&run, mistake);
        let answers = if random.below(2) == 0 {
            ("answers.json".to_owned(), answers::to_json(&answers))
        } else {
            ("lab3.ipynb".to_owned(), answers::to_notebook(&answers))
        };
        let end = match format {
            FileFormat::Pcapng { .. } => "pcapng",
            _ => "pcap",
        };
        let names = ["chatserver", "client1", "client2"];
        let captures = names
            .iter()
            .zip(run.captures)
            .map(|(name, recording)| Capture {
                name: format!("{name}.{end}{}", if is_compressed { ".gz" } else { "" }),
                recording,
                format,
                gzip: is_compressed,
            });
        Self {
            name: name.to_owned(),
            captures: captures.collect(),
            answers,
            mistake,
            zip: random.below(5) == 0,
            style,
        }
    }

    /// Hands in another's captures and answers in disguise.
    pub fn copy(&mut self, other: &Self, disguises: &[Disguise], random: &mut Random) {
        self.captures.clone_from(&other.captures);
        self.answers.clone_from(&other.answers);
        self.mistake = other.mistake;
        self.style = other.style;
        for disguise in disguises {
            disguise.apply(&mut self.captures, &self.style, random);
        }
    }

    /// Writes it into the folder of all hand-ins.
    pub fn write(&self, folder: &Path) {
        let mut files: Vec<(&str, Vec<u8>)> = self
            .captures
            .iter()
            .map(|capture| (&*capture.name, capture.octets()))
            .collect();
        files.push((&self.answers.0, self.answers.1.clone()));
        if self.zip {
            fs::write(folder.join(format!("{}.zip", self.name)), zipped(&files)).unwrap();
            return;
        }
        let own = folder.join(&self.name);
        fs::create_dir_all(&own).unwrap();
        for (name, octets) in files {
            fs::write(own.join(name), octets).unwrap();
        }
    }
}

impl Capture {
    /// The capture file.
    pub fn octets(&self) -> Vec<u8> {
        let file = self.recording.file(self.format);
        if self.gzip { gzip(&file) } else { file }
    }
}
