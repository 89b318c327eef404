"""Checks the answers of the lab's Milestone 4 against your own captures.

    from test_lab3 import TestLab3
    check_progress = TestLab3()
    check_progress.test_4_1(SYN_sequence_number, SYNACK_sequence_number,
                            SYNACK_ACKnowledgement_number)

It looks for chatserver.pcap, client1.pcap and client2.pcap beside this file and in the folder that
you work in, and lets `chatpcap verify` compare. A wrong answer is told what it probably is and what
to look for; TestLab3(hint=False) tells the right number and where it stands, too.

Written by `chatpcap rubric python`.
"""

import json
import operator
import os
import shutil
import subprocess
import textwrap

NAMES = ("chatserver", "client1", "client2")
ENDINGS = (".pcap", ".pcapng", ".cap")
TIMEOUT_SECONDS = 120
COLUMNS = 100


class TestLab3:
    """The checks of Milestone 4.

    captures: paths, where they are not beside this file. hint: give nothing away. chatpcap: the
    program, where it is not on the PATH; else CHATPCAP of the environment is used. more: further
    options of `chatpcap verify`, as ["--client1", "10.20.30.11"]. `passed` says whether all answers
    of the last check were right.
    """

    __test__ = False  # pytest need not collect it.

    def __init__(self, captures=None, hint=True, chatpcap=None, more=()):
        self.captures = None if captures is None else [os.fspath(path) for path in captures]
        self.hint = hint
        self.chatpcap = chatpcap or os.environ.get("CHATPCAP") or "chatpcap"
        self.more = list(more)
        self.passed = None

    def test_4_1(self, SYN_sequence_number, SYNACK_sequence_number, SYNACK_ACKnowledgement_number):
        """Checks the numbers of the TCP handshake."""
        self.passed = self._check({
            "SYN_sequence_number": SYN_sequence_number,
            "SYNACK_sequence_number": SYNACK_sequence_number,
            "SYNACK_ACKnowledgement_number": SYNACK_ACKnowledgement_number,
        })

    def test_4_2(self, number_of_fields_in_UDP_header, length_of_header_field,
                 maximum_number_of_bytes_in_UDP_payload, largest_possible_source_port_number,
                 protocol_number_for_UDP):
        """Checks the answers on UDP."""
        self.passed = self._check({
            "number_of_fields_in_UDP_header": number_of_fields_in_UDP_header,
            "length_of_header_field": length_of_header_field,
            "maximum_number_of_bytes_in_UDP_payload": maximum_number_of_bytes_in_UDP_payload,
            "largest_possible_source_port_number": largest_possible_source_port_number,
            "protocol_number_for_UDP": protocol_number_for_UDP,
        })

    def _check(self, answers):
        captures = self.captures if self.captures is not None else find_captures()
        if not captures:
            print("no captures found: chatserver.pcap, client1.pcap and client2.pcap belong into",
                  os.getcwd(), "or beside test_lab3.py")
            return False
        if shutil.which(self.chatpcap) is None:
            print("chatpcap is not installed, or not on the PATH: install it, or say where it is:",
                  "TestLab3(chatpcap=\"/path/to/chatpcap\")")
            return False
        command = [self.chatpcap, "verify", "--format", "json"] + self.more
        if self.hint:
            command.append("--hint")
        for key, value in answers.items():
            command += ["--answer", key + "=" + typed(value)]
        try:
            done = subprocess.run(command + ["--"] + captures, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=TIMEOUT_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            print("chatpcap could not be run:", error)
            return False
        if done.returncode not in (0, 1):
            print(done.stderr.decode("utf-8", "replace").strip() or "chatpcap failed")
            return False
        try:
            report = json.loads(done.stdout.decode("utf-8"))
            for verdict in report["verdicts"]:
                for line in lines(verdict):
                    indent = " " * (len(line) - len(line.lstrip()) + 2)
                    print(textwrap.fill(line, COLUMNS, subsequent_indent=indent,
                                        break_long_words=False, break_on_hyphens=False))
        except (ValueError, KeyError, TypeError):
            print("chatpcap printed what this file does not understand: write test_lab3.py anew",
                  "with `chatpcap rubric python --force`")
            return False
        return done.returncode == 0


def typed(value):
    """A value as Python writes it."""
    if value is None:
        return ""
    try:
        return str(operator.index(value))  # NumPy's integers are integers, too.
    except TypeError:
        return repr(value)


def find_captures():
    """The lab's captures: of each name the first that is there."""
    folders = [os.getcwd()]
    try:
        folders.append(os.path.dirname(os.path.abspath(__file__)))
    except NameError:
        pass  # Pasted into a notebook, it is in no file.
    found = []
    for name in NAMES:
        paths = [os.path.join(folder, name + ending) for folder in folders for ending in ENDINGS]
        found += [path for path in paths if os.path.isfile(path)][:1]
    return found


def lines(verdict):
    """What is said of one answer."""
    key = verdict["key"]
    outcome = verdict["outcome"]
    if outcome == "right":
        return ["right:     " + key]
    said = ["%-10s %s" % (outcome + ":", key)]
    diagnosis = verdict["diagnosis"]
    if outcome == "missing":
        said.append("    not answered yet")
    elif diagnosis:
        said.append("    " + diagnosis["title"] + ": " + (diagnosis["text"] or diagnosis["hint"]))
    else:
        said.append("    " + (verdict["reason"] or "your captures do not show the answer"))
    evidence = verdict["evidence"]
    if evidence:
        said.append("    right is %s: %s" % (verdict["expected"], evidence["why"]))
        said.append("    in Wireshark: %s in %s" % (evidence["filter"], evidence["file"]))
    else:
        said.append("    look for " + verdict["look_for"]["text"])
        said.append("    in Wireshark: " + verdict["look_for"]["filter"])
    return said
