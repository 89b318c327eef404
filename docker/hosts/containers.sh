# shellcheck shell=bash disable=SC2154
# The lab's hosts as containers of compose.yaml, in a project of their own. Sourced by lab.sh.

export COMPOSE_PROJECT_NAME=${LAB_PROJECT:-chatpcap-capture}
declare -gA container

if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
else
    compose=(docker-compose)
fi
compose+=(--file "$here/compose.yaml")

hosts_up() {
    "$here/images.sh" ${programs:+--programs "$programs"}
    # What a run that was killed left behind.
    hosts_down
    if ! "${compose[@]}" up --detach --no-build >"$scratch/compose.log" 2>&1; then
        grep -q 'Pool overlaps' "$scratch/compose.log" && taken
        cat "$scratch/compose.log" >&2
        die "the hosts do not start"
    fi
    local host
    for host in "${hosts[@]}"; do
        container[$host]=$("${compose[@]}" ps --quiet "$host")
    done
}

# Containers, network, and the volume of these accounts.
hosts_down() {
    "${compose[@]}" down --volumes --timeout 2 >/dev/null 2>&1 || true
}

on() { # HOST COMMAND...
    docker exec --interactive "${container[$1]}" "${@:2}"
}

# Root in a container has what the container has: NET_RAW, and nothing else.
on_as_root() { # HOST COMMAND...
    docker exec --interactive --user root "${container[$1]}" "${@:2}"
}

fetch() { # HOST FILE TO
    docker cp "${container[$1]}:/home/chat/$2" "$3" >/dev/null
}

kill_host() { docker kill "${container[$1]}" >/dev/null; }
start_host() { docker start "${container[$1]}" >/dev/null; }
cut_off() { docker network disconnect "${COMPOSE_PROJECT_NAME}_lab" "${container[$1]}"; }
join_again() { # HOST IPV4 IPV6
    docker network connect --ip "$2" --ip6 "$3" "${COMPOSE_PROJECT_NAME}_lab" "${container[$1]}"
}

# Says who has the lab's addresses, and ends.
taken() {
    printf '%s: another Docker network overlaps 10.20.30.0/24 or fd00::/64:\n' "$name" >&2
    # shellcheck disable=SC2046
    docker network inspect --format '  {{.Name}}{{range .IPAM.Config}} {{.Subnet}}{{end}}' \
        $(docker network ls --quiet --filter type=custom) >&2
    echo "hint: end what uses it, say with 'docker compose down' in the folder of its compose file" >&2
    exit "$TAKEN"
}
