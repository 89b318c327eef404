//! The lab, run for real: hosts with addresses of their own, tcpdump on three of them, the analysis of
//! what it wrote, and what the clients show when hosts die or attack.
//!
//! In containers where a Docker engine answers, in network namespaces where root may make them, else
//! not at all, with a printed line. The runs wait for each other.

use tests::lab::{Chat, Run, run};

#[test]
fn with_accounts() {
    capture(Chat::Accounts, &["--accounts"]);
}

#[test]
fn in_the_dialect_of_the_lab() {
    capture(Chat::Open, &["--open"]);
}

#[test]
fn beside_a_python_program_over_ipv6_on_all_interfaces() {
    capture(Chat::Python, &["--python", "--ipv6", "--interface", "any"]);
}

#[test]
fn when_hosts_die_the_clients_say_so_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    // The script fails unless each client shows what it should.
    run("outages.sh", &["-o", folder.path().to_str().unwrap()]);
}

#[test]
fn when_one_host_attacks_the_others_chat_on() {
    let folder = tempfile::tempdir().unwrap();
    // The script fails unless all that both say arrives. Twice as long is one command: docker/attacks.sh.
    let folder = folder.path().to_str().unwrap();
    if let Some(output) = run("attacks.sh", &["--seconds", "2", "-o", folder]) {
        println!("{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn capture(chat: Chat, options: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [options, &["-o", folder.path().to_str().unwrap()]].concat();
    if run("capture.sh", &arguments).is_some() {
        Run::new(folder.path()).check(chat);
    }
}
