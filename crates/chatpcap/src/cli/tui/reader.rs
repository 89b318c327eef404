//! Reading in the background, so that keys are never waited for.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use chatpcap::tui::Wish;

use super::News;
use crate::cli::bounds::Bounds;
use crate::cli::input::Input;

/// Two threads that read: one for packets, one for overviews. Each works on one wish at a time, the
/// newest.
pub(super) struct Readers {
    packets: Reader,
    overview: Reader,
}

struct Reader {
    wishes: Sender<Wish>,
    /// The number of the wish that is wanted.
    newest: Arc<AtomicU64>,
}

impl Readers {
    /// Readers of these files, who tell what they found.
    pub(super) fn new(files: &[PathBuf], bounds: Bounds, news: &Sender<News>) -> Self {
        Self {
            packets: Reader::new(files, bounds, news),
            overview: Reader::new(files, bounds, news),
        }
    }

    /// Reads for a wish; an earlier one of its kind is given up.
    pub(super) fn read(&self, wish: Wish) {
        let reader = if wish.is_for_packets() {
            &self.packets
        } else {
            &self.overview
        };
        reader.newest.store(wish.number, Ordering::Relaxed);
        // A reader that is gone has told why.
        drop(reader.wishes.send(wish));
    }
}

impl Reader {
    fn new(files: &[PathBuf], bounds: Bounds, news: &Sender<News>) -> Self {
        let (wishes, asked) = channel();
        let newest = Arc::new(AtomicU64::new(0));
        let (files, news, wanted) = (files.to_vec(), news.clone(), Arc::clone(&newest));
        thread::spawn(move || {
            let work = AssertUnwindSafe(|| serve(&files, bounds, &asked, &wanted, &news));
            if catch_unwind(work).is_err() {
                drop(news.send(News::Broken("a reader of captures stopped".to_owned())));
            }
        });
        Self { wishes, newest }
    }
}

fn serve(
    files: &[PathBuf],
    bounds: Bounds,
    asked: &Receiver<Wish>,
    newest: &AtomicU64,
    news: &Sender<News>,
) {
    while let Ok(first) = asked.recv() {
        let mut wish = asked.try_iter().last().unwrap_or(first);
        wish.limit_flows(bounds.max_flows);
        let number = wish.number;
        let Some(path) = files.get(wish.file) else {
            continue;
        };
        let told = match Input::open(path, &bounds) {
            Ok(input) => {
                let found = wish.fulfil(input.capture, &mut |octets| {
                    if newest.load(Ordering::Relaxed) != number {
                        return ControlFlow::Break(());
                    }
                    match news.send(News::Progress(number, octets)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                });
                found.map(|found| News::Found(number, Box::new(found)))
            }
            Err(failure) => Some(News::Failed(number, failure.text().to_owned())),
        };
        if let Some(told) = told
            && news.send(told).is_err()
        {
            return;
        }
    }
}
