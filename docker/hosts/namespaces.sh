# shellcheck shell=bash disable=SC2154
# The lab's hosts as namespaces of Linux, for a machine without Docker. Sourced by lab.sh. All of it,
# the switch included, is in namespaces of its own: the machine's own network is not touched, and
# when the processes end nothing is left.

declare -gA pid
declare -gA address=([dnsserver]=2 [webserver]=3 [client1]=11 [client2]=12 [client3]=13)

hosts_up() {
    [ "$(id -u)" = 0 ] || cannot "network namespaces need root"
    local tool host
    PATH=$PATH:/usr/sbin:/sbin
    for tool in unshare nsenter setpriv ip ss named tcpdump; do
        command -v "$tool" >/dev/null || cannot "there is no $tool" "apt-get install iproute2 bind9 tcpdump util-linux"
    done
    [ -n "$programs" ] || die "namespaces need --programs: the folder of chat-server and chat-client"
    mkdir "$scratch/programs"
    ln -s "$programs/chat-server" "$programs/chat-client" "$scratch/programs/"
    ln -s "$here/lab-client.py" "$scratch/programs/lab-client"
    PATH=$scratch/programs:$PATH

    namespace switch
    in_switch link add lab type bridge
    in_switch link set lab up
    for host in "${hosts[@]}"; do
        mkdir "$scratch/$host"
        namespace "$host"
        in_switch link add "$host" type veth peer name eth0 netns "${pid[$host]}"
        in_switch link set "$host" master lab up
        on "$host" ip link set lo up
        on "$host" ip address add "10.20.30.${address[$host]}/24" dev eth0
        on "$host" ip address add "fd00::${address[$host]}/64" dev eth0 nodad
        on "$host" ip link set eth0 up
        on "$host" mount --bind "$here/resolv.conf" /etc/resolv.conf
    done
    on dnsserver mount --bind "$here/dns" /etc/bind
    on webserver mkdir accounts
    start_host dnsserver
    start_host webserver
}

# A process that does nothing in namespaces of its own. With it dies all that runs in them, and it
# dies with this script.
namespace() { # NAME
    setpriv --pdeathsig KILL unshare --net --mount --uts --pid --fork --kill-child --mount-proc \
        sh -c "hostname $1; touch '$scratch/$1.ready'; exec sleep infinity" 2>"$scratch/$1.log" {lock}>&- &
    local parent=$!
    # So that the shell does not report how it ends.
    disown
    pid[parent of $1]=$parent
    until [ -e "$scratch/$1.ready" ]; do
        kill -0 "$parent" 2>/dev/null || cannot "no namespaces can be made: $(cat "$scratch/$1.log")"
        sleep 0.01
    done
    # The line has no end.
    read -r "pid[$1]" <"/proc/$parent/task/$parent/children" || true
}

in_switch() { nsenter --target "${pid[switch]}" --net ip "$@"; }

hosts_down() {
    local key
    for key in "${!pid[@]}"; do
        kill -KILL "${pid[$key]}" 2>/dev/null || true
        unset "pid[$key]"
    done
}

on() { # HOST COMMAND...
    (cd "$scratch/$1" && exec nsenter --target "${pid[$1]}" --net --mount --uts --pid --wdns="$scratch/$1" "${@:2}")
}

# They are root already.
on_as_root() { on "$@"; }

fetch() { # HOST FILE TO
    cp "$scratch/$1/$2" "$3"
}

kill_host() { # dnsserver or webserver: all that runs there
    on "$1" sh -c 'kill -KILL -1'
    while listens "$1"; do sleep 0.05; done
}

start_host() { # dnsserver or webserver
    case $1 in
    dnsserver) on dnsserver named -g >>"$scratch/dnsserver.log" 2>&1 {lock}>&- & ;;
    webserver)
        on webserver env CHAT_DATA=accounts CHAT_LISTEN='[::]:5000' chat-server >>"$scratch/webserver.log" 2>&1 {lock}>&- &
        ;;
    esac
    disown
    local deadline=$((SECONDS + PATIENCE))
    until listens "$1"; do
        [ $SECONDS -lt $deadline ] || { cat "$scratch/$1.log" >&2; die "$1 does not start"; }
        sleep 0.05
    done
}

listens() { # dnsserver or webserver
    local port=5000
    [ "$1" = webserver ] || port=53
    on "$1" ss --no-header --listening --numeric --tcp "sport = :$port" | grep --quiet .
}

cut_off() { in_switch link set "$1" down; }
join_again() { in_switch link set "$1" up; }
