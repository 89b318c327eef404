#!/usr/bin/env bash
# Hosts of the lab die while alice and bob chat: each must be told, and come back with the host.
set -euo pipefail
# shellcheck source=docker/lab.sh
. "$(dirname "$0")/lab.sh"

usage() {
    cat <<'END'
usage: docker/outages.sh [-o DIR]

Lets alice and bob chat, kills the server, cuts bob off the network, and kills the name server, one after
the other. Fails unless both clients say what is wrong and recover when the host is back. Leaves what
they showed in DIR (docker/outages): client1.txt and client2.txt (> is what was typed, -- what happened).

  -o, --output DIR  where to
  --programs DIR    use chat-server and chat-client from there, built for Debian bookworm or older
  --with HOW        containers or namespaces (default: containers if a Docker engine answers)

Exit status: 0 all was as it should be; 2 it was not; 3 another Docker network has the lab's addresses;
4 this machine has neither a Docker engine with images nor namespaces.
END
}

output=$here/outages
while [ $# -gt 0 ]; do
    common_option "$@"
    shift $((more + 1))
done

# A silent client is given up after 15 s instead of 150.
export CHAT_OPEN=false CHAT_IDLE_SECONDS=10 CHAT_PONG_SECONDS=5

happens() { # WHAT
    tell "$1"
    local host
    for host in client1 client2; do printf -- '-- %s\n' "$1" >>"$transcripts/$host.txt"; done
}

server_dies() {
    happens "the server is killed"
    kill_host webserver
    await client1 "trying again in"
    await client2 "trying again in"
    say client1 "who hears this?"
    await client1 "* not said: not in the room: who hears this?"
    # Private messages need no server.
    say client1 "@bob: you do"
    await client2 "alice (private): you do"
    await client1 "* delivered to bob"
    happens "the server starts"
    start_host webserver
    await client1 "* you are alice"
    await client2 "* you are bob"
    # Until either knows that both are in again.
    await client1 bob
    await client2 alice
    both_talk "back again"
}

client_is_cut_off() {
    happens "client2 is cut off"
    cut_off client2
    say client2 "hello?"
    say client2 "@alice: hello?"
    say client1 "@bob: are you there?"
    await client1 "* not delivered to bob: no answer: are you there?"
    await client2 "* not delivered to alice: no answer: hello?"
    await client2 "* not said: the connection ended before the server confirmed it: hello?"
    await client2 "trying again in"
    await client1 "* bob left (no answer)"
    happens "client2 is on the network again"
    join_again client2 10.20.30.12 fd00::12
    await client2 "* you are bob"
    await client1 "* bob joined"
    both_talk "connected again"
}

name_server_dies() {
    happens "the name server is killed"
    kill_host dnsserver
    both_talk "names are known"
    # In a pipe the exit status tells that something that was said did not arrive.
    leave client2 1
    await client1 "* bob left"
    sign_in client2 bob
    await client2 "cannot resolve www.ttm4200.com"
    await client2 "hint: "
    ended client2 3
    happens "the server is killed, too"
    kill_host webserver
    await client1 "trying again in"
    await client1 "* cannot resolve www.ttm4200.com"
    happens "both start"
    start_host webserver
    start_host dnsserver
    await client1 "* you are alice"
    sign_in client2 bob
    await client1 "* bob joined"
    await client2 "* alice is here"
    both_talk "all is well"
}

lab_begin
both_register
server_dies
client_is_cut_off
name_server_dies
leave client2
leave client1 1

mkdir -p "$output"
cp "$transcripts/client1.txt" "$transcripts/client2.txt" "$output/"
tell "all was as it should be: $output/client1.txt and client2.txt have what was shown"
