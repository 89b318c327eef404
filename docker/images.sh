#!/usr/bin/env bash
# Makes the images of the lab's hosts. `docker compose` makes them, too, where images can be pulled;
# this works also where none can, and with programs that were built already.
set -euo pipefail

usage() {
    cat <<'END'
usage: docker/images.sh [--programs DIR]

Makes the images of the lab's hosts, chatpcap-lab and chatpcap-lab-dns.

  --programs DIR  take chat-server and chat-client from there, built for Debian bookworm or older

Without it the programs are built in an image of Rust, or by the machine's own cargo if that image
cannot be pulled. debian:bookworm-slim is pulled, or made of Debian's packages by debootstrap.
LAB_IMAGE and LAB_DNS_IMAGE name the images otherwise.

Exit status: 0 done; 2 it could not be done; 4 this machine cannot do it.
END
}

die() {
    printf 'images.sh: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 2
}

cannot() {
    (die "$@") || exit 4
}

programs=
while [ $# -gt 0 ]; do
    case $1 in
    --programs)
        [ $# -ge 2 ] || die "--programs needs a folder"
        programs=$(realpath -- "$2")
        shift
        ;;
    -h | --help)
        usage
        exit
        ;;
    *) die "unknown argument $1" "docker/images.sh --help" ;;
    esac
    shift
done

cd "$(dirname "$0")/.."
base=debian:bookworm-slim
rust=rust:1.95-slim-bookworm
image=${LAB_IMAGE:-chatpcap-lab}
dns_image=${LAB_DNS_IMAGE:-chatpcap-lab-dns}
scratch=$(mktemp --directory)
trap 'rm -rf "$scratch"' EXIT

present() { docker image inspect "$1" >/dev/null 2>&1; }
have() { present "$1" || docker pull --quiet "$1" >/dev/null 2>&1; }

# A small Debian of packages alone, like the image of that name: no documentation, no package lists.
make_base() {
    command -v debootstrap >/dev/null ||
        cannot "$base can neither be pulled nor made: there is no debootstrap" "apt-get install debootstrap"
    [ "$(id -u)" = 0 ] || cannot "$base cannot be pulled, and making it with debootstrap needs root"
    echo "images.sh: $base cannot be pulled: making it of Debian's packages" >&2
    debootstrap --variant=minbase bookworm "$scratch/root" >"$scratch/log" ||
        { tail -n 5 "$scratch/log" >&2; die "debootstrap failed"; }
    tar --directory "$scratch/root" --create \
        --exclude='./var/cache/apt/*.bin' --exclude='./var/cache/apt/archives/*.deb' \
        --exclude='./var/lib/apt/lists/*' --exclude='./usr/share/doc/*' --exclude='./usr/share/info/*' \
        --exclude='./usr/share/locale/*' --exclude='./usr/share/man/*' . |
        docker import --change 'CMD ["bash"]' - "$base" >/dev/null
}

# Builds an image, and forgets the one that had the name before.
build() { # TAG ARGUMENTS...
    local before
    before=$(docker image inspect --format '{{.Id}}' "$1" 2>/dev/null) || true
    # The classic builder, which is there in every engine, warns that it is old.
    docker build --quiet --tag "$@" >/dev/null 2>"$scratch/log" || { cat "$scratch/log" >&2; die "docker build failed"; }
    if [ -n "$before" ] && [ "$before" != "$(docker image inspect --format '{{.Id}}' "$1")" ]; then
        # A container may still have it.
        docker image rm "$before" >/dev/null 2>&1 || true
    fi
}

docker info >/dev/null 2>&1 || cannot "no Docker engine answers" "start it, or join the group docker"
have "$base" || make_base
build "$dns_image" docker/dns

if [ -z "$programs" ] && have "$rust"; then
    build "$image" --file docker/Dockerfile .
    exit
fi
if [ -z "$programs" ]; then
    command -v cargo >/dev/null ||
        cannot "$rust cannot be pulled, and there is no cargo to build the programs with"
    cargo build --release --locked --package chat-server --package chat-client
    programs=target/release
fi
mkdir "$scratch/programs"
for program in chat-server chat-client; do
    [ -x "$programs/$program" ] || die "there is no $program in $programs"
    # Without what only a debugger reads; the same octets give the same layer again.
    strip -o "$scratch/programs/$program" "$programs/$program" 2>/dev/null ||
        cp "$programs/$program" "$scratch/programs/$program"
done
cp docker/lab-client.py "$scratch/programs/lab-client"
build "$image" --file docker/Dockerfile --target given "$scratch"
for program in chat-server chat-client; do
    docker run --rm --network none "$image" "$program" --version >/dev/null ||
        cannot "$programs/$program does not run on $base" "build it on Debian bookworm or an older system"
done
