//! The soak of `examples/soak`, shortened to seconds and to sixty clients.

#[path = "../examples/soak/crowd/mod.rs"]
mod crowd;

use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn a_crowd_comes_goes_chats_and_misbehaves_and_nothing_is_lost_or_left() {
    let plan = crowd::Plan {
        clients: 60,
        time: Duration::from_secs(16),
        pace: Duration::from_millis(700),
        // As short as a log-in may be on a machine that compiles meanwhile.
        patience: Duration::from_secs(4),
        every: Duration::from_secs(2),
        check: Duration::from_secs(11),
        seed: 1,
    };
    let program = Path::new(env!("CARGO_BIN_EXE_chat-server"));
    assert!(crowd::run(program, &plan).await, "see above");
}
