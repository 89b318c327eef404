//! What a student answers, in the forms that hand-ins have.

use serde_json::{Value, json};

use super::run::Run;

/// What is wrong with a student's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Relative sequence numbers.
    Relative,
    /// The SYN-ACK's two numbers the other way round.
    Swapped,
    /// The numbers of client2's connection.
    OtherClient,
    /// One too many.
    OffByOne,
    /// Octets of a header instead of a field.
    HeaderForField,
    /// The largest datagram instead of its payload.
    WithHeader,
    /// Two answers are missing.
    Missing,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Relative,
        Self::Swapped,
        Self::OtherClient,
        Self::OffByOne,
        Self::HeaderForField,
        Self::WithHeader,
        Self::Missing,
    ];
}

/// The answers to a run by the notebook's names, with a mistake or without.
pub fn answers(run: &Run, mistake: Option<Mistake>) -> Vec<(&'static str, i64)> {
    let (mut syn, mut syn_ack) = (i64::from(run.syn), i64::from(run.syn_ack));
    let mut ack = i64::from(run.syn.wrapping_add(1));
    let (mut field, mut payload) = (2, 65_527);
    match mistake {
        Some(Mistake::Relative) => (syn, syn_ack, ack) = (0, 0, 1),
        Some(Mistake::Swapped) => (syn_ack, ack) = (ack, syn_ack),
        Some(Mistake::OtherClient) => {
            let [client, server] = run.of_client2;
            (syn, syn_ack) = (client.into(), server.into());
            ack = client.wrapping_add(1).into();
        }
        Some(Mistake::OffByOne) => syn += 1,
        Some(Mistake::HeaderForField) => field = 8,
        Some(Mistake::WithHeader) => payload = 65_535,
        Some(Mistake::Missing) | None => {}
    }
    let mut answers = vec![
        ("SYN_sequence_number", syn),
        ("SYNACK_sequence_number", syn_ack),
        ("SYNACK_ACKnowledgement_number", ack),
        ("number_of_fields_in_UDP_header", 4),
        ("length_of_header_field", field),
        ("maximum_number_of_bytes_in_UDP_payload", payload),
        ("largest_possible_source_port_number", 65_535),
        ("protocol_number_for_UDP", 17),
    ];
    if mistake == Some(Mistake::Missing) {
        answers.drain(3..5);
    }
    answers
}

/// As a JSON object.
pub fn to_json(answers: &[(&str, i64)]) -> Vec<u8> {
    let object: Value = answers
        .iter()
        .map(|(key, value)| (*key, json!(value)))
        .collect();
    serde_json::to_vec_pretty(&object).unwrap()
}

/// As the lab's notebook, filled in.
pub fn to_notebook(answers: &[(&str, i64)]) -> Vec<u8> {
    let mut cells = vec![json!({
        "cell_type": "markdown", "metadata": {}, "source": ["# Milestone 4 -- Analyzing Traffic\n"],
    })];
    for part in [
        &answers[..answers.len().min(3)],
        &answers[answers.len().min(3)..],
    ] {
        let mut source = vec!["from test_lab3 import TestLab3\n".to_owned()];
        for (key, value) in part {
            source.push(format!("# {}\n", key.replace('_', " ")));
            source.push(format!("{key} = {value} #your answer (as an interger)\n"));
        }
        cells.push(json!({
            "cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": source,
        }));
    }
    let notebook = json!({
        "cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5,
    });
    serde_json::to_vec_pretty(&notebook).unwrap()
}
