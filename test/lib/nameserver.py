# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server for one namespace (netns.py): dnsmasq on 127.0.0.1, with the records it is given and no others, and
/etc/resolv.conf that leads to it."""

import netns
from kamailio import program
from net import listens_udp
from run import wait_until


class NameServer:
    """addresses: name -> address, or a list of them. services: name -> list of (host, port), first choice first, for SIP over
    TLS. srv: (name, host, port, priority, weight), pointers: (name, order, preference, flags, service, regexp,
    replacement), as dnsmasq takes them. ttl: of all records, in seconds."""

    def __init__(self, run, addresses, services, srv=(), pointers=(), ttl=0):
        netns.replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n", run.dir)
        argv = [program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                "--user=root", "--pid-file=", "--listen-address=127.0.0.1", "--bind-interfaces", "--log-facility=-",
                "--log-queries"]
        argv += [f"--host-record={name},{address}" for name, found in addresses.items()
                 for address in ([found] if isinstance(found, str) else found)]
        argv += [f"--srv-host=_sips._tcp.{name},{host},{port},{priority},1" for name, entries in services.items()
                 for priority, (host, port) in enumerate(entries)]
        argv += ["--srv-host=" + ",".join(map(str, record)) for record in srv]
        argv += [f"--local=/{top}/" for top in sorted({name.rsplit(".", 1)[1] for name in (*addresses, *services)})]
        self._run, self._argv = run, argv
        self._begin(pointers, ttl)

    def _begin(self, pointers, ttl):
        argv = [*self._argv, f"--local-ttl={ttl}"] + ["--naptr-record=" + ",".join(map(str, record)) for record in pointers]
        self.process = self._run.spawn("dnsmasq", argv)
        wait_until(lambda: listens_udp("127.0.0.1", 53), 5, "dnsmasq listens")

    def change(self, pointers, ttl):
        """From now on these are its pointers, and this the time to live of all records. While it changes it answers nothing."""
        self.process.stop()
        self._begin(pointers, ttl)
