//! The lab's notebook, filled in.

use serde_json::{Value, json};

/// A notebook with what a student hands in: explanations, a program that a cell writes to a file, and
/// a cell with these answers as Python assigns them.
pub fn notebook(answers: &[(&str, &str)]) -> Value {
    let lines = answers
        .iter()
        .map(|(key, value)| format!("{key} =  {value}  #your answer\n"));
    let mut answered = vec!["from test_lab3 import TestLab3\n".to_owned()];
    answered.extend(lines);
    let written = "%%writefile chatclient.py\nSYN_sequence_number = 1\nPORT = 5000\n";
    json!({
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": { "kernelspec": { "name": "python3" } },
        "cells": [
            { "cell_type": "markdown", "metadata": {}, "source": ["SYN_sequence_number = 2\n"] },
            { "cell_type": "code", "metadata": {}, "execution_count": 3, "outputs": [], "source": written },
            { "cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [],
              "source": ["SYN_sequence_number =  #your answer (as an interger)\n"] },
            { "cell_type": "code", "metadata": {}, "execution_count": 7, "outputs": [
                { "output_type": "stream", "name": "stdout", "text": ["protocol_number_for_UDP = 6\n"] }
              ], "source": answered },
        ],
    })
}
