//! Floods the program `chat-client` with forged datagrams while it holds a private conversation.
//!
//! It starts the program beside itself, is its server, its friend bob and its enemies, and tells for
//! each rate of the flood what of the conversation arrived and what that cost. It fails if anything
//! forged is shown as from bob, anything genuine twice, or anything as delivered that bob did not get.
#![expect(clippy::print_stdout, reason = "a program prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken measurement may panic, and has nobody to be polite to"
)]

#[expect(dead_code, reason = "`tests/attack` has more uses for it")]
mod forger;
mod stage;
mod victim;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::time::{Instant, interval};

use forger::Forger;
use stage::{Bob, Stage};
use victim::{Victim, dropped};

/// Floods a client with forged datagrams while it chats.
#[derive(Parser)]
struct Options {
    /// Seconds of talking at each rate
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Forged datagrams a second, rate after rate; 0 is as many as can be sent
    #[arg(long, value_delimiter = ',', default_value = "1,5000,20000,100000,0")]
    rates: Vec<u64>,
}

/// Messages a second, each way.
const PACE: u64 = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    // <target>/release/examples/flood
    let own = std::env::current_exe().unwrap();
    let program = own.parent().and_then(|folder| folder.parent()).unwrap();
    let stage = Stage::start().await;
    let mut victim = Victim::start(&program.join("chat-client"), stage.address);
    let mut far = stage.accept().await;
    let mut bob = Bob::new("bob", 2).await;
    let (name, contact) = far.admit(vec![bob.user()]).await;
    bob.meet(&name, contact);
    // The server says nothing more, but must be there.
    let server = tokio::spawn(async move { while far.hear().await.is_some() {} });
    println!(
        "conversation: {PACE} messages a second each way, for {} s at each rate",
        options.seconds
    );
    let mut good = true;
    for rate in options.rates {
        let before = (
            victim.shown(),
            victim.gauge(),
            dropped(contact.udp.unwrap()),
        );
        let bobs = (bob.sent, bob.delivered, bob.given_up, bob.heard.len());
        let flood = Forger::new(contact, bob.captured.clone()).start((rate > 0).then_some(rate));
        let begin = Instant::now();
        let count = options.seconds * PACE;
        let pause = Duration::from_millis(1000 / PACE);
        let talking = async {
            let mut clock = interval(pause);
            for number in 0..count {
                clock.tick().await;
                victim.line(&format!("@bob: alice's {number}"));
            }
        };
        let hears = bobs.3 + usize::try_from(count).unwrap();
        // As long as the last message may take.
        let until = begin + Duration::from_secs(options.seconds + 4);
        tokio::join!(talking, bob.converse(count, pause, hears, until));
        // Until the client has given up, too, what was not acknowledged.
        let answered = |victim: &Victim| {
            let shown = victim.shown();
            shown.delivered + shown.not_delivered - before.0.delivered - before.0.not_delivered
        };
        while answered(&victim) < count && Instant::now() < until + Duration::from_secs(4) {
            bob.converse(0, pause, usize::MAX, Instant::now() + pause)
                .await;
        }
        let time = begin.elapsed().as_secs_f64();
        let sent = flood.stop();
        let (shown, gauge) = (victim.shown(), victim.gauge());
        let dropped = dropped(contact.udp.unwrap()) - before.2;
        println!(
            "{:.0} a second: {sent} forged, {dropped} of all dropped by the kernel",
            sent as f64 / time
        );
        println!(
            "    to the client: sent {}, acknowledged {}, given up {}",
            bob.sent - bobs.0,
            bob.delivered - bobs.1,
            bob.given_up - bobs.2
        );
        println!(
            "    from the client: sent {count}, arrived {}, told as delivered {}, as not delivered {}",
            bob.heard.len() - bobs.3,
            shown.delivered - before.0.delivered,
            shown.not_delivered - before.0.not_delivered
        );
        println!(
            "    the client: CPU {:.0} %, memory {} KiB, printed {} unverified, {} others",
            (gauge.0 - before.1.0) / time * 100.0,
            gauge.1,
            shown.unverified - before.0.unverified,
            shown.warnings - before.0.warnings
        );
        let once: BTreeSet<&String> = shown.genuine.iter().collect();
        let arrived = u64::try_from(bob.heard.len()).unwrap();
        for (fault, is) in [
            (
                "forged messages were shown as from bob",
                !shown.forged.is_empty(),
            ),
            (
                "messages were shown twice",
                once.len() < shown.genuine.len(),
            ),
            (
                "messages are said to be delivered that were not",
                shown.delivered > arrived,
            ),
        ] {
            if is {
                println!("BAD: {fault}: {:?}", shown.forged.first());
                good = false;
            }
        }
    }
    server.abort();
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
