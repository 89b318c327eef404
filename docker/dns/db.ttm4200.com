; The lab's zone. www is an alias of the host that runs the chat server.
$TTL 1h
$ORIGIN ttm4200.com.
@           SOA     dnsserver hostmaster 1 1d 2h 4w 1h
            NS      dnsserver
dnsserver   A       10.20.30.2
            AAAA    fd00::2
webserver   A       10.20.30.3
www         CNAME   webserver
; The same host by IPv6. It has a name of its own, since systems differ in which of two they prefer.
www6        AAAA    fd00::3
client1     A       10.20.30.11
            AAAA    fd00::11
client2     A       10.20.30.12
            AAAA    fd00::12
client3     A       10.20.30.13
            AAAA    fd00::13
