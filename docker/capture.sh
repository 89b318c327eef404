#!/usr/bin/env bash
# Runs the lab once and captures it on three hosts. README.md says how to do it by hand.
set -euo pipefail
# shellcheck source=docker/lab.sh
. "$(dirname "$0")/lab.sh"

usage() {
    cat <<'END'
usage: docker/capture.sh [--accounts|--open|--python] [--interface eth0|any] [--ipv6] [-o DIR]

Starts the lab's hosts and tcpdump on webserver, client1 and client2, lets alice and bob chat, stops it
all, and leaves in DIR (docker/captures): chatserver.pcap, client1.pcap, client2.pcap; client1.txt and
client2.txt, what the clients showed (> is what was typed); answers.json, read off with tcpdump.

  --accounts        both register, with passwords (default)
  --open            a server without accounts; both speak the dialect of the lab's programs
  --python          such a server; alice has chat-client, bob a Python program of the lab's dialect
  --interface NAME  what tcpdump listens to: eth0 (default) or any
  --ipv6            go to www6.ttm4200.com, which has an IPv6 address only
  -o, --output DIR  where to
  --programs DIR    use chat-server and chat-client from there, built for Debian bookworm or older
  --with HOW        containers or namespaces (default: containers if a Docker engine answers)

Exit status: 0 done; 2 it could not be done; 3 another Docker network has the lab's addresses;
4 this machine has neither a Docker engine with images nor namespaces.
END
}

mode=accounts
interface=eth0
server=www.ttm4200.com
ipv6=
output=$here/captures
while [ $# -gt 0 ]; do
    case $1 in
    --accounts | --open | --python) mode=${1#--} ;;
    --ipv6) ipv6=" --ipv6" server=www6.ttm4200.com ;;
    --interface)
        value "$@"
        interface=$2
        shift
        ;;
    *)
        common_option "$@"
        shift "$more"
        ;;
    esac
    shift
done
case $interface in eth0 | any) ;; *) die "--interface is eth0 or any, not $interface" ;; esac

CHAT_OPEN=true
[ "$mode" != accounts ] || CHAT_OPEN=false
export CHAT_OPEN

declare -A capture=([webserver]=chatserver.pcap [client1]=client1.pcap [client2]=client2.pcap)
declare -A tcpdump

start_capture() { # HOST
    : >"$transcripts/$1.tcpdump.txt"
    # The process's number is kept where the process is, since nobody outside knows it.
    # shellcheck disable=SC2016
    on "$1" sh -c 'echo $$ >tcpdump.pid && exec tcpdump -Z root -U -i "$1" -w "$2"' \
        sh "$interface" "${capture[$1]}" </dev/null >>"$transcripts/$1.tcpdump.txt" 2>&1 {lock}>&- &
    tcpdump[$1]=$!
    await "$1.tcpdump" "listening on $interface"
}

# Ends tcpdump once its file holds both ends of this many connections, and the last acknowledgment.
stop_capture() { # HOST CONNECTIONS
    local deadline=$((SECONDS + PATIENCE))
    until on "$1" tcpdump -nn -r "${capture[$1]}" 2>/dev/null </dev/null |
        awk -v fins=$(($2 * 2)) '/Flags \[F/ { fins-- } fins <= 0 && /Flags \[[.R]/ { found = 1 } END { exit !found }'; do
        [ $SECONDS -lt $deadline ] || die "${capture[$1]} does not show how the connections end"
        sleep 0.1
    done
    # shellcheck disable=SC2016
    on "$1" sh -c 'kill -INT "$(cat tcpdump.pid)"' </dev/null
    wait "${tcpdump[$1]}" || die "tcpdump on $1 failed"
    grep --quiet '^0 packets dropped by kernel' "$transcripts/$1.tcpdump.txt" ||
        die "tcpdump on $1 could not keep up: $(tail -n 1 "$transcripts/$1.tcpdump.txt")" "try again on a machine that is less busy"
}

enter() { # HOST NAME
    case $mode/$1 in
    accounts/*) begin "$1" env CHAT_PASSWORD="the password of $2" chat-client --register --name "$2" "$server" ;;
    python/client2) begin "$1" lab-client "$2" "$server" ;;
    python/*) begin "$1" chat-client --name "$2" "$server" ;;
    open/*) begin "$1" chat-client --lab --name "$2" "$server" ;;
    esac
}

scenario() {
    enter client1 alice
    await client1 "nobody else is here"
    enter client2 bob
    await client1 "bob joined"
    await client2 alice

    say client1 "hello, is anybody here?"
    await client2 "alice: hello, is anybody here?"
    say client2 "yes: me"
    await client1 "bob: yes: me"
    say client1 "#ls"
    await client1 "(you)"

    say client1 "@bob: this does not pass the server"
    await client2 "this does not pass the server"
    [ "$mode" != accounts ] || await client1 "delivered to bob"
    say client2 "@alice: neither does this"
    await client1 "neither does this"

    leave client2
    await client1 "bob left"
    leave client1
}

# The Milestone 4 answers, and which frames of each file they are in, by tcpdump and nothing of ours.
read_answers() {
    local host packets=()
    for host in client1 client2 webserver; do
        packets+=("$scratch/${capture[$host]}")
        on "$host" tcpdump --number -nn -S -r "${capture[$host]}" 2>/dev/null </dev/null >"${packets[-1]}"
    done
    awk -v client1="$client1" -v client2="$client2" -v server="$server_address" \
        -v made_by="docker/capture.sh --$mode --interface $interface$ipv6" -f "$here/answers.awk" "${packets[@]}"
}

if [ -n "$ipv6" ]; then
    server_address=fd00::3 client1=fd00::11 client2=fd00::12
else
    server_address=10.20.30.3 client1=10.20.30.11 client2=10.20.30.12
fi

lab_begin
for host in webserver client1 client2; do start_capture "$host"; done
tell "alice and bob chat"
scenario
stop_capture webserver 2
stop_capture client1 1
stop_capture client2 1
read_answers >"$scratch/answers.json" || die "the captures do not show the answers"

mkdir -p "$output"
for host in "${!capture[@]}"; do fetch "$host" "${capture[$host]}" "$output/${capture[$host]}"; done
cp "$transcripts/client1.txt" "$transcripts/client2.txt" "$scratch/answers.json" "$output/"
tell "captured: chatpcap analyze $output/chatserver.pcap $output/client1.pcap $output/client2.pcap"
