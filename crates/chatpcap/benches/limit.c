/* The limit: what one thread has to do at least to tell the flows of a capture.
 *
 * It maps the file, walks the records, parses Ethernet, VLAN tags, IPv4, IPv6, TCP and UDP, and keeps
 * per flow packets and octets of each direction, the first and the last time and both initial sequence
 * numbers. It prefetches what it will need, and does nothing else: no other format or link type, no
 * tunnel, no fragment, no check of a length that a sane file does not need, no seed in its hash.
 * Measured against it, "x limit" says how much of a tool's time is more than that.
 *
 *   gcc -O3 -march=native -o limit limit.c && ./limit FILE.pcap
 *
 * It reads little-endian pcap of Ethernet with microseconds, which the generator writes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { BATCH = 64, FILE_HEADER = 24, RECORD_HEADER = 16 };

/* Both ends of a flow, the lower one first, so that both directions have one key. */
struct key {
    uint64_t address[4];
    uint16_t port[2];
    uint16_t protocol;
    uint16_t zero;
};

struct flow {
    struct key key;
    uint32_t packets[2];
    uint64_t octets[2];
    uint64_t first, last;
    uint32_t isn[2];
};

struct packet {
    struct key key;
    uint64_t hash, time;
    uint32_t octets, seq, slot;
    uint8_t is_swapped, is_syn;
};

static struct flow *flows;
static uint32_t flow_count, flow_room;
static uint32_t *slots; /* A flow's number and one, 0 for none. */
static uint64_t mask;

static void *map(size_t octets) {
    void *place = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) exit(2);
    return place;
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash(const struct key *key) {
    uint64_t rest;
    memcpy(&rest, key->port, 8);
    uint64_t hash = mix(key->address[0] ^ 0x9e3779b97f4a7c15, key->address[2] ^ rest);
    if (key->address[1] | key->address[3])
        hash ^= mix(key->address[1] ^ 0xbf58476d1ce4e5b9, key->address[3] ^ 0x94d049bb133111eb);
    return mix(hash ^ rest, 0x9e3779b97f4a7c15);
}

static void grow(void) {
    uint64_t room = (mask + 1) * 2;
    munmap(slots, (mask + 1) * sizeof *slots);
    slots = map(room * sizeof *slots);
    mask = room - 1;
    for (uint32_t i = 0; i < flow_count; i++) {
        uint64_t at = hash(&flows[i].key) & mask;
        while (slots[at]) at = (at + 1) & mask;
        slots[at] = i + 1;
    }
}

static inline uint16_t be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static inline uint32_t be32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, 4);
    return __builtin_bswap32(value);
}

/* Whether the record is of a flow. */
static inline int parse(const uint8_t *record, uint32_t captured, struct packet *packet) {
    const uint8_t *p = record + RECORD_HEADER, *end = p + captured;
    if (captured < 42) return 0;
    uint16_t type = be16(p + 12);
    p += 14;
    while (type == 0x8100 && p + 4 < end) {
        type = be16(p + 2);
        p += 4;
    }
    struct key *key = &packet->key;
    uint8_t protocol;
    int order;
    if (type == 0x0800) {
        protocol = p[9];
        uint32_t from, to;
        memcpy(&from, p + 12, 4);
        memcpy(&to, p + 16, 4);
        if (be16(p + 6) & 0x3fff) return 0;
        p += (p[0] & 15) * 4;
        if (p + 8 > end) return 0;
        order = from != to ? from > to : be16(p) > be16(p + 2);
        key->address[0] = order ? to : from;
        key->address[2] = order ? from : to;
        key->address[1] = key->address[3] = 0;
    } else if (type == 0x86dd) {
        if (p + 48 > end) return 0;
        protocol = p[6];
        order = memcmp(p + 8, p + 24, 16);
        order = order ? order > 0 : be16(p + 40) > be16(p + 42);
        memcpy(key->address + (order ? 2 : 0), p + 8, 16);
        memcpy(key->address + (order ? 0 : 2), p + 24, 16);
        p += 40;
    } else {
        return 0;
    }
    if (protocol != 6 && protocol != 17) return 0;
    memcpy(&key->port[order], p, 2);
    memcpy(&key->port[!order], p + 2, 2);
    key->protocol = protocol;
    key->zero = 0;
    packet->is_swapped = (uint8_t)order;
    packet->is_syn = 0;
    if (protocol == 6 && p + 14 <= end) {
        packet->seq = be32(p + 4);
        packet->is_syn = p[13] & 2;
    }
    uint32_t seconds, micros;
    memcpy(&seconds, record, 4);
    memcpy(&micros, record + 4, 4);
    memcpy(&packet->octets, record + 12, 4);
    packet->time = seconds * 1000000ull + micros;
    packet->hash = hash(key);
    return 1;
}

static inline void count(const struct packet *packet) {
    uint64_t at = packet->hash & mask;
    struct flow *flow;
    for (;;) {
        uint32_t slot = slots[at];
        if (!slot) {
            if (flow_count == flow_room) exit(2);
            flow = &flows[flow_count++];
            slots[at] = flow_count;
            flow->key = packet->key;
            flow->first = packet->time;
            if ((uint64_t)flow_count * 2 > mask) grow();
            break;
        }
        flow = &flows[slot - 1];
        if (!memcmp(&flow->key, &packet->key, sizeof flow->key)) break;
        at = (at + 1) & mask;
    }
    flow->packets[packet->is_swapped]++;
    flow->octets[packet->is_swapped] += packet->octets;
    flow->last = packet->time;
    if (packet->is_syn) flow->isn[packet->is_swapped] = packet->seq;
}

int main(int argc, char **argv) {
    struct stat stat;
    int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || fstat(file, &stat) || stat.st_size < FILE_HEADER) return 2;
    size_t length = (size_t)stat.st_size;
    const uint8_t *octets = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (octets == MAP_FAILED) return 2;
    flow_room = 1u << 26;
    flows = map((size_t)flow_room * sizeof *flows); /* Only what is touched becomes memory. */
    mask = (1 << 16) - 1;
    slots = map((mask + 1) * sizeof *slots);

    static struct packet batch[BATCH];
    uint64_t packets = 0, sum = 0;
    size_t at = FILE_HEADER;
    while (at + RECORD_HEADER <= length) {
        int in_batch = 0;
        while (in_batch < BATCH && at + RECORD_HEADER <= length) {
            uint32_t captured;
            memcpy(&captured, octets + at + 8, 4);
            if (at + RECORD_HEADER + captured > length) {
                at = length;
                break;
            }
            packets++;
            if (parse(octets + at, captured, &batch[in_batch])) {
                sum += batch[in_batch].octets;
                __builtin_prefetch(&slots[batch[in_batch].hash & mask]);
                in_batch++;
            }
            at += RECORD_HEADER + captured;
            __builtin_prefetch(octets + at + RECORD_HEADER + 256);
        }
        for (int i = 0; i < in_batch; i++) {
            uint32_t slot = slots[batch[i].hash & mask];
            if (slot) {
                __builtin_prefetch(&flows[slot - 1], 1);
                __builtin_prefetch((char *)&flows[slot - 1] + 64, 1);
            }
        }
        for (int i = 0; i < in_batch; i++) count(&batch[i]);
    }
    uint64_t syns = 0;
    for (uint32_t i = 0; i < flow_count; i++) syns += flows[i].isn[0] != 0;
    printf("%lu packets, %lu octets of flows, %u flows, %lu ISNs\n", packets, sum, flow_count, syns);
    return 0;
}
