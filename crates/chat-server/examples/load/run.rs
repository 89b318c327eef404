//! One measurement.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::client::{Client, Heard};
use crate::process::{cpu_seconds, memory_kib};
use crate::stream::{Stream, trusting};
use crate::{Protocol, Run};

struct Crowd {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    space: Vec<u8>,
    start: Instant,
}

pub(crate) fn run(options: &Run) {
    let idle = options.pid.map(memory_kib);
    let mut crowd = Crowd {
        poll: Poll::new().unwrap(),
        events: Events::with_capacity(4096),
        clients: Vec::new(),
        space: vec![0; 256 * 1024],
        start: Instant::now(),
    };
    let settled = crowd.settle(options);
    let memory = options.pid.map(memory_kib);
    let cpu_before = options.pid.map(cpu_seconds);
    let mut talk = Talk::new(options);
    let elapsed = talk.run(&mut crowd, options);
    let cpu = options
        .pid
        .map(cpu_seconds)
        .zip(cpu_before)
        .map(|(after, before)| after - before);
    talk.check(&crowd, options);

    let deliveries = talk.deliveries as f64;
    print!(
        "clients {} settled {:.3} s  messages {}  deliveries/s {:.0}",
        options.clients,
        settled.as_secs_f64(),
        talk.said,
        deliveries / elapsed.as_secs_f64()
    );
    talk.latencies.sort_unstable();
    for percent in [50.0, 99.0, 99.9] {
        let place = (talk.latencies.len() as f64 * percent / 100.0) as usize;
        if let Some(latency) = talk.latencies.get(place) {
            print!("  p{percent} {} us", latency / 1000);
        }
    }
    if let Some(cpu) = cpu {
        print!("  cpu s/M {:.3}", cpu / deliveries * 1e6);
    }
    if let Some((memory, idle)) = memory.zip(idle) {
        let each = memory.saturating_sub(idle) as f64 / options.clients as f64;
        print!(
            "  memory {idle} + {each:.2} KiB a client, now {}",
            memory_kib(options.pid.unwrap())
        );
    }
    println!();
}

impl Crowd {
    /// Connects all and waits until all know all; gives the time that it took.
    fn settle(&mut self, options: &Run) -> Duration {
        let tls = options.ca.as_deref().map(trusting);
        let begin = Instant::now();
        for index in 0..options.clients {
            let mut stream = Stream::connect(options.address, tls.as_ref());
            let registry = self.poll.registry();
            registry
                .register(stream.socket(), Token(index), Interest::READABLE)
                .unwrap();
            let mut client = Client::new(stream, options.protocol);
            client.enter(index);
            self.clients.push(client);
            if index % 64 == 63 {
                self.turn(Some(Duration::ZERO), &mut |_, _| {});
            }
        }
        let limit = Instant::now() + Duration::from_mins(2);
        while options.protocol != Protocol::Bare
            && self
                .clients
                .iter()
                .any(|client| client.known < options.clients)
        {
            self.turn(Some(Duration::from_millis(100)), &mut |_, _| {});
            assert!(Instant::now() < limit, "not all know all");
        }
        let settled = begin.elapsed();
        if options.protocol == Protocol::Bare {
            // It cannot tell when it has accepted all.
            std::thread::sleep(Duration::from_millis(500));
        }
        for client in &mut self.clients[options.clients - options.stalled..] {
            let socket = client.stream.socket();
            self.poll.registry().deregister(socket).unwrap();
        }
        settled
    }

    fn turn(&mut self, timeout: Option<Duration>, heard: &mut impl FnMut(u64, Heard)) {
        self.poll.poll(&mut self.events, timeout).unwrap();
        for event in &self.events {
            let client = &mut self.clients[event.token().0];
            let start = self.start;
            let mut now = None;
            client.read(&mut self.space, &mut |message| {
                let now = *now.get_or_insert_with(|| nanoseconds(start));
                heard(now, message);
            });
            assert!(!client.closed, "the server closed a connection");
        }
    }
}

fn nanoseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap()
}

/// What was said and heard.
struct Talk {
    said: u64,
    deliveries: u64,
    // How many must still hear each message that is on the way.
    missing: HashMap<u64, usize>,
    // In nanoseconds, from the write to the read.
    latencies: Vec<u64>,
    listeners: usize,
    by_sender: Vec<u64>,
}

impl Talk {
    fn new(options: &Run) -> Self {
        Self {
            said: 0,
            deliveries: 0,
            missing: HashMap::new(),
            latencies: Vec::with_capacity(1 << 20),
            listeners: options.clients - options.stalled - 1,
            by_sender: vec![0; options.senders],
        }
    }

    fn run(&mut self, crowd: &mut Crowd, options: &Run) -> Duration {
        let begin = Instant::now();
        let end = begin + Duration::from_secs(options.seconds);
        let each = options
            .rate
            .map(|rate| Duration::from_secs(1) / u32::try_from(rate).unwrap());
        let mut next = begin;
        let mut counted = None;
        loop {
            let now = Instant::now();
            if now >= end && counted.is_none() {
                counted = Some((self.deliveries, now - begin));
            }
            if counted.is_some() && (self.missing.is_empty() || now > end + Duration::from_secs(20))
            {
                break;
            }
            let mut timeout = Duration::from_millis(100);
            if counted.is_none() {
                match each {
                    None => {
                        while self.missing.len() < options.in_flight {
                            self.say(crowd, options);
                        }
                    }
                    Some(each) => {
                        while next <= Instant::now() {
                            self.say(crowd, options);
                            next += each;
                        }
                        timeout = next.saturating_duration_since(Instant::now());
                    }
                }
            }
            let Self {
                deliveries,
                missing,
                latencies,
                ..
            } = self;
            crowd.turn(Some(timeout), &mut |now, message| {
                *deliveries += 1;
                if latencies.len() < 4_000_000 {
                    latencies.push(now - message.said_at);
                }
                let left = missing
                    .get_mut(&message.number)
                    .expect("a message was heard too often");
                *left -= 1;
                if *left == 0 {
                    missing.remove(&message.number);
                }
            });
        }
        let (_, elapsed) = counted.unwrap();
        // All deliveries belong to messages said in time; the last few come a moment later.
        elapsed.max(begin.elapsed().min(elapsed + Duration::from_millis(200)))
    }

    fn say(&mut self, crowd: &mut Crowd, options: &Run) {
        let sender = usize::try_from(self.said).unwrap() % options.senders;
        let now = nanoseconds(crowd.start);
        crowd.clients[sender].say(self.said, now);
        self.missing.insert(self.said, self.listeners);
        self.by_sender[sender] += 1;
        self.said += 1;
    }

    /// Every message reached every other client exactly once.
    fn check(&self, crowd: &Crowd, options: &Run) {
        let reading = options.clients - options.stalled;
        for (index, client) in crowd.clients[..reading].iter().enumerate() {
            let own = self.by_sender.get(index).copied().unwrap_or(0);
            assert_eq!(
                client.heard + own,
                self.said,
                "client {index} missed messages"
            );
        }
        assert!(self.missing.is_empty());
    }
}
