# shellcheck shell=bash
# What capture.sh, outages.sh and attacks.sh share: the hosts, and who says what on them. Sourced.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=$(basename "$0")

# Seconds that anything may take.
PATIENCE=60
# Exit statuses: other networks have the lab's addresses; this machine cannot run the lab.
TAKEN=3
CANNOT=4

# What is started.
hosts=(dnsserver webserver client1 client2)
# Folder of programs that are built already.
programs=
# containers, namespaces, or whichever works.
with=

die() { # MESSAGE [HINT]
    printf '%s: %s\n' "$name" "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 2
}

cannot() { # MESSAGE [HINT]
    (die "$@") || exit "$CANNOT"
}

tell() { printf '%s: %s\n' "$name" "$*" >&2; }

# Whether an option has its value.
value() { # ARGUMENTS...
    [ $# -ge 2 ] || die "$1 needs a value" "docker/$name --help"
}

# Understands an option that all scripts have; `more` says how many arguments it has beside its name.
common_option() { # ARGUMENTS...
    more=0
    case $1 in
    -o | --output | --programs | --with)
        value "$@"
        more=1
        ;;
    esac
    case $1 in
    -o | --output) output=$2 ;;
    --programs) programs=$(realpath -- "$2") ;;
    --with) with=$2 ;;
    -h | --help)
        usage
        exit
        ;;
    *) die "unknown argument $1" "docker/$name --help" ;;
    esac
    case $with in '' | containers | namespaces) ;; *) die "--with is containers or namespaces, not $with" ;; esac
}

# Until the hosts' own file is read there is nothing to end.
hosts_down() { :; }

# Starts the hosts, once no other run uses them; they end with this script.
lab_begin() {
    scratch=$(mktemp --directory)
    transcripts=$scratch
    trap lab_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    if [ -z "$with" ] && docker info >/dev/null 2>&1; then
        with=containers
    elif [ -z "$with" ] && [ "$(id -u)" = 0 ]; then
        with=namespaces
    elif [ -z "$with" ]; then
        cannot "no Docker engine answers, and network namespaces need root" "start Docker, or join the group docker"
    fi
    # shellcheck source=docker/hosts/containers.sh
    . "$here/hosts/$with.sh"
    local file=${TMPDIR:-/tmp}/chatpcap-lab.lock
    : 2>/dev/null >>"$file" || true
    # What goes on in the background closes it, or it would keep the lock of a run that was killed.
    exec {lock}<"$file"
    flock --nonblock "$lock" || tell "waiting for another run of the lab to end"
    flock --timeout 900 "$lock" || die "another run of the lab does not end"
    tell "starting the hosts as $with"
    hosts_up
}

lab_end() {
    local status=$?
    trap '' INT TERM HUP
    hosts_down
    rm -rf "$scratch"
    exit "$status"
}

declare -A client input seen

# Starts a program that chats: what it prints and what it is told is in its host's transcript.
begin() { # HOST COMMAND...
    local host=$1 fifo=$scratch/$1.in
    shift
    : >>"$transcripts/$host.txt"
    rm -f "$fifo"
    mkfifo "$fifo"
    on "$host" "$@" <"$fifo" >>"$transcripts/$host.txt" 2>&1 {lock}>&- &
    client[$host]=$!
    exec {input_fd}>"$fifo"
    input[$host]=$input_fd
}

# Types a line.
say() { # HOST LINE
    printf '> %s\n' "$2" >>"$transcripts/$1.txt"
    printf '%s\n' "$2" >&"${input[$1]}"
}

# Waits for a text in a transcript, after what was waited for before.
await() { # HOST TEXT
    local file=$transcripts/$1.txt lines tail line
    : "${seen[$1]:=0}"
    exec {lines}< <(exec tail --lines "+$((seen[$1] + 1))" --follow "$file" {lock}>&-)
    tail=$!
    if ! line=$(timeout "$PATIENCE" grep --line-number --max-count 1 --fixed-strings -e "$2" <&"$lines"); then
        kill "$tail"
        sed "s/^/  $1: /" "$file" >&2
        die "$1 does not show: $2"
    fi
    kill "$tail"
    exec {lines}<&-
    seen[$1]=$((seen[$1] + ${line%%:*}))
}

# Starts a client that logs in or, with --register, makes an account.
sign_in() { # HOST NAME [OPTION]
    begin "$1" env CHAT_PASSWORD="the password of $2" chat-client --name "$2" "${@:3}"
}

# alice on client1 and bob on client2 make their accounts, and know of each other.
both_register() {
    sign_in client1 alice --register
    await client1 "* nobody else is here"
    sign_in client2 bob --register
    await client1 "* bob joined"
    await client2 "* alice is here"
}

# Each says something, and hears what the other said.
both_talk() { # TEXT
    say client1 "$1"
    await client2 "alice: $1"
    say client2 "$1, too"
    await client1 "bob: $1, too"
}

# Leaves the chat and waits until the program has ended.
leave() { # HOST [STATUS]
    say "$1" '#quit'
    ended "$1" "${2:-0}"
}

# Waits until the program has ended, with this exit status.
ended() { # HOST STATUS
    local status=0
    wait "${client[$1]}" || status=$?
    eval "exec ${input[$1]}>&-"
    [ "$status" = "$2" ] || { sed "s/^/  $1: /" "$transcripts/$1.txt" >&2; die "the program on $1 ended with status $status"; }
}
