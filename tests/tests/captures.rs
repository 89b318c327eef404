//! The project's own captures show what their README says.

use tests::lab::{Chat, Run};
use tests::program::project;

#[test]
fn accounts() {
    check("accounts", Chat::Accounts);
}

#[test]
fn any() {
    check("any", Chat::Accounts);
}

#[test]
fn ipv6() {
    check("ipv6", Chat::Accounts);
}

#[test]
fn open() {
    check("open", Chat::Open);
}

#[test]
fn python_peer() {
    check("python-peer", Chat::Python);
}

/// The answers are those of tcpdump and tshark, and what the lab is about is there.
fn check(folder: &str, chat: Chat) {
    Run::new(&project().join("captures").join(folder)).check(chat);
}
