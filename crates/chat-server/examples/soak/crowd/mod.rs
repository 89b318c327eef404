//! A crowd that lives in a server's room, well and badly behaved, and keeps accounts of all of it.
#![expect(clippy::print_stdout, reason = "tells how it goes")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken measurement may panic, and has nobody to be polite to"
)]

mod dice;
mod enemy;
mod flat;
mod honest;
mod ledger;
mod peer;
mod program;
mod verdict;
mod world;

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use chat_proto::UserName;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

use dice::Dice;
use enemy::Enemy;
use honest::Honest;
use ledger::Ledger;
use peer::Account;
use program::{Gauge, Program};
use verdict::Verdict;
use world::{Phase, World};

/// How long a room that everybody leaves alone may take until all know the same.
const SETTLED: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Clients in all; three in twenty misbehave.
    pub(crate) clients: usize,
    /// From the first client's coming to the last one's leaving.
    pub(crate) time: Duration,
    /// The mean time between two things that a client does.
    pub(crate) pace: Duration,
    /// The server's limit for logging in and for silence.
    pub(crate) patience: Duration,
    /// How often a line is printed.
    pub(crate) every: Duration,
    /// How often all stand still and what everybody believes is compared.
    pub(crate) check: Duration,
    pub(crate) seed: u64,
}

/// What is known while it runs.
struct Run {
    world: Rc<World>,
    phase: watch::Sender<Phase>,
    orders: mpsc::Sender<()>,
    numbers: mpsc::Receiver<u64>,
    server: u32,
    begin: Instant,
    samples: Vec<(f64, Gauge)>,
    checks: u64,
}

/// Runs a server and a crowd; prints how it goes, and whether all was as it must be.
pub(crate) async fn run(program: &Path, plan: &Plan) -> bool {
    let server = Program::start(program, plan.patience);
    println!(
        "seed {}, {} clients for {} s, a server at {}",
        plan.seed,
        plan.clients,
        plan.time.as_secs(),
        server.address
    );
    LocalSet::new().run_until(live(server, plan)).await
}

async fn live(server: Program, plan: &Plan) -> bool {
    let (phase, phases) = watch::channel(Phase::Live);
    let ramp = plan.time / 10;
    let mut ledger = Ledger::default();
    let mut accounts: Vec<(Account, Dice)> = (0..plan.clients)
        .map(|number| {
            let mut dice = Dice::new(plan.seed, number);
            let name = UserName::new(&format!("user-{number}")).unwrap();
            (Account::new(ledger.user(&name), name, &mut dice), dice)
        })
        .collect();
    let times = [plan.pace, plan.patience, ramp];
    let world = Rc::new(World::new(server.address, phases, times, ledger));
    let (orders, ordered) = mpsc::channel(1);
    let (said, numbers) = mpsc::channel(1);
    let (account, dice) = accounts.remove(0);
    let herald = Honest {
        world: Rc::clone(&world),
        account,
        dice,
    };
    let herald = tokio::task::spawn_local(herald.herald(ordered, said));
    let mut run = Run {
        world: Rc::clone(&world),
        phase,
        orders,
        numbers,
        server: server.id(),
        begin: Instant::now(),
        samples: Vec::new(),
        checks: 0,
    };
    run.herald_speaks().await;
    let baseline = Gauge::of(server.id());
    let honest = plan.clients - plan.clients * 3 / 20;
    let mut tasks = Vec::new();
    for (account, dice) in accounts {
        let world = Rc::clone(&world);
        tasks.push(if account.user < honest {
            let client = Honest {
                world,
                account,
                dice,
            };
            tokio::task::spawn_local(client.live())
        } else {
            let client = Enemy {
                world,
                account,
                dice,
                victims: honest,
            };
            tokio::task::spawn_local(client.live())
        });
    }
    run.watch(plan).await;
    run.check().await;
    run.phase.send(Phase::Leave).unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    wait_for_files(server.id(), baseline.files).await;
    let empty = Gauge::of(server.id());
    drop(run.orders);
    herald.await.unwrap();
    let emptied = wait_for_files(server.id(), baseline.files - 1).await;
    // The server's log has a budget, which the farewells have used up: its last lines are wanted.
    sleep(Duration::from_secs(2)).await;
    let verdict = Verdict {
        samples: run.samples,
        warm_up: (ramp * 2).as_secs_f64(),
        baseline,
        empty,
        emptied,
        checks: run.checks,
    };
    let (log, well, files) = server.stop();
    let ledger = world.ledger();
    verdict.tell(&ledger, &log, well, files)
}

impl Run {
    /// Prints lines and lets all stand still now and then, until it is time to leave.
    async fn watch(&mut self, plan: &Plan) {
        println!(
            "{:>6} {:>5} {:>7} {:>10} {:>10} {:>7} {:>8} {:>8} {:>3} {:>5} {:>7} {:>7} {:>6}",
            "s",
            "in",
            "said",
            "heard",
            "changes",
            "came",
            "rss",
            "anonymous",
            "thr",
            "files",
            "cpu",
            "own cpu",
            "faults"
        );
        let end = self.begin + plan.time;
        let mut next_check = self.begin + plan.check;
        let mut next_line = self.begin;
        loop {
            sleep_until(next_line.min(next_check).min(end)).await;
            let now = Instant::now();
            if now >= end {
                self.line();
                return;
            }
            if now >= next_line {
                self.line();
                next_line += plan.every;
            }
            if now >= next_check {
                self.check().await;
                self.phase.send(Phase::Live).unwrap();
                next_check += plan.check;
            }
        }
    }

    fn line(&mut self) {
        let time = self.begin.elapsed().as_secs_f64();
        let gauge = Gauge::of(self.server);
        let ledger = self.world.ledger();
        let (said, inside, counts) = (ledger.said(), ledger.inside(), &ledger.counts);
        println!(
            "{time:>6.0} {inside:>5} {said:>7} {:>10} {:>10} {:>7} {:>8} {:>8} {:>3} {:>5} {:>7.1} {:>7.1} {:>6}",
            counts.deliveries,
            counts.changes,
            counts.entered,
            gauge.rss,
            gauge.anonymous,
            gauge.threads,
            gauge.files,
            gauge.cpu,
            Gauge::of(std::process::id()).cpu,
            counts.faults,
        );
        self.samples.push((time, gauge));
    }

    /// Lets all stand still, and compares what each believes with what is.
    async fn check(&mut self) {
        self.phase.send(Phase::Still).unwrap();
        self.checks += 1;
        let limit = Instant::now() + SETTLED;
        loop {
            sleep(Duration::from_millis(100)).await;
            let wrong = if self.world.is_busy() {
                vec!["clients are still coming and going".to_owned()]
            } else {
                let number = self.herald_speaks().await;
                if self.is_heard(number, limit).await {
                    self.world.ledger().differences()
                } else {
                    vec!["not all heard the last message".to_owned()]
                }
            };
            if wrong.is_empty() {
                return;
            }
            if Instant::now() > limit {
                for wrong in wrong {
                    self.world.ledger().fault(&format!("at rest: {wrong}"));
                }
                return;
            }
        }
    }

    async fn herald_speaks(&mut self) -> u64 {
        self.orders.send(()).await.unwrap();
        self.numbers.recv().await.unwrap()
    }

    async fn is_heard(&self, number: u64, limit: Instant) -> bool {
        while Instant::now() < limit {
            if self.world.ledger().is_heard(number) {
                return true;
            }
            sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

/// Waits until the server has so many files open; false if that takes too long.
async fn wait_for_files(server: u32, files: usize) -> bool {
    let limit = Instant::now() + SETTLED;
    while Instant::now() < limit {
        if Gauge::of(server).files == files {
            return true;
        }
        sleep(Duration::from_millis(100)).await;
    }
    false
}
