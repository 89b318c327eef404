# Reads the Milestone 4 answers off what `tcpdump --number -nn -S -r FILE` prints of each capture,
# client1's first. The UDP questions are about the header's layout (RFC 768): what a capture adds is
# that a datagram of the chat is in it.

function fail(why) { print "answers.awk: " why > "/dev/stderr"; failed = 1; exit 1 }

FNR == 1 {
    file = FILENAME
    sub(/.*\//, "", file)
    files[++count] = file
}

{
    for (at = 2; at <= NF && $at != "IP" && $at != "IP6"; at++);
    if (at > NF) next
    from = $(at + 1)
    to = $(at + 3)
    sub(/:$/, "", to)
}

$(at + 5) == "[S]," && index(from, client1 ".") == 1 && to == server ".5000" && !((file, "SYN") in frame) {
    frame[file, "SYN"] = $1
    initiator[file] = from
    syn[file] = number($(at + 7))
}

$(at + 5) == "[S.]," && from == server ".5000" && to == initiator[file] && !((file, "SYNACK") in frame) {
    frame[file, "SYNACK"] = $1
    synack[file] = number($(at + 7))
    ack[file] = number($(at + 9))
}

$(at + 4) == "UDP," && !((file, "UDP") in frame) && \
    (from == client1 ".5000" && to == client2 ".5000" || from == client2 ".5000" && to == client1 ".5000") {
    frame[file, "UDP"] = $1
}

function number(field) { sub(/,$/, "", field); return field }

END {
    if (failed) exit 1
    first = files[1]
    if (!((first, "SYNACK") in frame)) fail(first " has no handshake of client1")
    if (!((first, "UDP") in frame)) fail(first " has no private message")
    for (i = 2; i <= count; i++)
        if ((files[i], "SYNACK") in frame && (syn[files[i]] != syn[first] || synack[files[i]] != synack[first]))
            fail(files[i] " and " first " show different handshakes")
    printf "{\n"
    printf "  \"made_by\": \"%s\",\n", made_by
    printf "  \"read_with\": \"tcpdump --number -nn -S -r\",\n"
    printf "  \"client1\": \"%s\",\n  \"client2\": \"%s\",\n  \"server\": \"%s\",\n  \"port\": 5000,\n", \
        client1, client2, server
    printf "  \"answers\": {\n"
    printf "    \"SYN_sequence_number\": %s,\n", syn[first]
    printf "    \"SYNACK_sequence_number\": %s,\n", synack[first]
    printf "    \"SYNACK_ACKnowledgement_number\": %s,\n", ack[first]
    printf "    \"number_of_fields_in_UDP_header\": 4,\n"
    printf "    \"length_of_header_field\": 2,\n"
    printf "    \"maximum_number_of_bytes_in_UDP_payload\": 65527,\n"
    printf "    \"largest_possible_source_port_number\": 65535,\n"
    printf "    \"protocol_number_for_UDP\": 17\n"
    printf "  },\n  \"frames\": {\n"
    split("SYN SYNACK UDP", kinds, " ")
    for (i = 1; i <= count; i++) {
        printf "    \"%s\": {", files[i]
        separator = ""
        for (k = 1; k <= 3; k++)
            if ((files[i], kinds[k]) in frame) {
                printf "%s\"%s\": %s", separator, kinds[k], frame[files[i], kinds[k]]
                separator = ", "
            }
        printf "}%s\n", i < count ? "," : ""
    }
    printf "  }\n}\n"
}
