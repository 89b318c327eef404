#!/usr/bin/env python3
"""A client of the lab's dialect: what a student's program is to the chat, in few lines.

    lab-client NAME [SERVER]

There is no framing: the first octets are the name, each line typed is one write, and each read is a
roster (`!` and a JSON object of names and addresses) or one message. Private messages are bare text
in a datagram to UDP port 5000. Lines are read from standard input; its end leaves.
"""

import json
import selectors
import socket
import sys

PORT = 5000
READ_SIZE = 1024


class Client:
    def __init__(self, name, server):
        self.roster = {}
        self.typed = b""
        self.room = socket.create_connection((server, PORT))
        self.post = socket.socket(self.room.family, socket.SOCK_DGRAM)
        self.post.bind((self.room.getsockname()[0], PORT))
        self.room.sendall(name.encode())

    def run(self):
        """Serves standard input, the room and the post until one of the first two ends."""
        ready = selectors.DefaultSelector()
        ready.register(sys.stdin.buffer.raw, selectors.EVENT_READ, self.read_input)
        ready.register(self.room, selectors.EVENT_READ, self.read_room)
        ready.register(self.post, selectors.EVENT_READ, self.read_post)
        while all(key.data() for key, _ in ready.select()):
            pass

    def read_input(self):
        octets = sys.stdin.buffer.raw.read(READ_SIZE)
        *lines, self.typed = (self.typed + octets).split(b"\n")
        for line in lines:
            if not self.obey(line.decode(errors="replace").strip()):
                return False
        return bool(octets)

    def obey(self, line):
        if line == "#quit":
            return False
        if line == "#ls":
            for name, address in self.roster.items():
                print(f"{name}  {address}")
        elif line.startswith("@"):
            name, _, text = line[1:].partition(":")
            address = self.roster.get(name.strip())
            if address is None:
                print(f"nobody is called {name.strip()}")
            else:
                self.post.sendto(text.strip().encode(), (address, PORT))
        elif line:
            self.room.sendall(line.encode())
        return True

    def read_room(self):
        octets = self.room.recv(READ_SIZE)
        text = octets.decode(errors="replace")
        if text.startswith("!"):
            self.roster = json.loads(text[1:])
            print("in the room:", ", ".join(self.roster))
        elif text:
            print(text.strip())
        else:
            print("the server closed the connection")
        return bool(octets)

    def read_post(self):
        octets, (address, *_) = self.post.recvfrom(READ_SIZE)
        names = [name for name, other in self.roster.items() if other == address]
        print(f"{names[0] if names else address} (private): {octets.decode(errors='replace')}")
        return True


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: lab-client NAME [SERVER]")
    try:
        Client(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "www.ttm4200.com").run()
    except OSError as error:
        sys.exit(f"lab-client: {error}")
