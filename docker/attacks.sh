#!/usr/bin/env bash
# client3 attacks the server while alice and bob chat: they must not notice.
set -euo pipefail
# shellcheck source=docker/lab.sh
. "$(dirname "$0")/lab.sh"

usage() {
    cat <<'END'
usage: docker/attacks.sh [-o DIR]

Lets alice and bob chat while client3 attacks the server: floods of connections and of SYNs, connections that
say nothing, little, or the longest half of a frame, guessed passwords. Fails unless all that both say arrives, and
bob can leave and log in again, during each of them. Prints, and leaves in DIR/attacks.txt (docker/attacks), what each
attack did, how often both talked and how long that took at most, the server's CPU time and its memory.

  -o, --output DIR  where to
  --seconds N       how long each attack lasts (default: 5)
  --programs DIR    use chat-server and chat-client from there, built for Debian bookworm or older
  --with HOW        containers or namespaces (default: containers if a Docker engine answers)

Exit status: as of outages.sh.
END
}

output=$here/attacks
seconds=5
while [ $# -gt 0 ]; do
    if [ "$1" = --seconds ]; then
        value "$@"
        seconds=$2
        shift 2
        continue
    fi
    common_option "$@"
    shift $((more + 1))
done
case $seconds in '' | *[!0-9]*) die "--seconds is a whole number, not $seconds" ;; esac

export CHAT_OPEN=false
hosts+=(client3)
SERVER=10.20.30.3

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# What the server has used: hundredths of a second of CPU, and kilobytes of memory now.
# shellcheck disable=SC2016 # expanded on webserver
used() {
    on webserver sh -c '
        for process in /proc/[0-9]*; do
            [ "$(cat "$process/comm")" = chat-server ] || continue
            set -- $(cat "$process/stat")
            echo $((${14} + ${15})) $(sed -n "s/VmRSS:[^0-9]*\([0-9]*\) kB/\1/p" "$process/status")
        done' 2>/dev/null
}

cookies() { on webserver sh -c 'nstat --zeros --reset TcpExtSyncookiesSent 2>/dev/null' | sed -n 's/^TcpExtSyncookiesSent *\([0-9]*\).*/\1/p'; }

attack() { # WHAT COUNT
    local what=$1 count=$2 cpu cpu_after memory_after begin took slowest=0 rounds=0 attacker
    tell "client3: $what"
    read -r cpu _ < <(used)
    on_as_root client3 python3 - "$what" "$SERVER" 5000 "$count" "$seconds" <"$here/attack.py" \
        >"$scratch/attack.txt" 2>&1 {lock}>&- &
    attacker=$!
    # Once while it lasts even if it is over soon.
    while [ $rounds = 0 ] || kill -0 "$attacker" 2>/dev/null; do
        begin=$(milliseconds)
        both_talk "$what $rounds"
        took=$(($(milliseconds) - begin))
        [ $took -le $slowest ] || slowest=$took
        rounds=$((rounds + 1))
        if [ $rounds = 3 ]; then
            leave client2
            await client1 "* bob left"
            sign_in client2 bob
            await client2 "* alice is here"
            await client1 "* bob joined"
        fi
    done
    read -r cpu_after memory_after < <(used)
    wait "$attacker" || { cat "$scratch/attack.txt" >&2; die "the attack failed: $what"; }
    printf '%-11s %-66s %5s %9s ms %6s s %6s MB\n' "$what" "$(tail -n 1 "$scratch/attack.txt")" $rounds "$slowest" \
        "$(awk "BEGIN { printf \"%.2f\", ($cpu_after - $cpu) / 100 }")" \
        "$(awk "BEGIN { printf \"%.1f\", $memory_after / 1024 }")" >>"$scratch/attacks.txt"
}

lab_begin
both_register
printf '%-11s %-66s %5s %12s %8s %9s\n' attack "what client3 did" talks slowest CPU memory >"$scratch/attacks.txt"
attack flood 50000
attack refused 20000
attack silent 100
attack half 100
attack registering 100
attack slow 100
attack guess 500
cookies >/dev/null || true
attack syn 200000
sent=$(cookies || true)
[ -z "$sent" ] || printf 'the server'"'"'s kernel answered %s SYNs with cookies\n' "$sent" >>"$scratch/attacks.txt"
both_talk "all is well"
leave client2
leave client1

mkdir -p "$output"
cp "$scratch/attacks.txt" "$transcripts/client1.txt" "$transcripts/client2.txt" "$output/"
cat "$scratch/attacks.txt"
tell "all was as it should be: $output/attacks.txt has what it cost"
