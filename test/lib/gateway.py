# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway between phones that speak UDP and a trunk that speaks TLS: a stock Kamailio with the stock tls module."""

import pki
from kamailio import Kamailio
from run import TREE

TLS = "".join(f"""[{role}:default]
method = TLSv1.2+
certificate = {{cert}}
private_key = {{key}}
ca_list = {{ca}}
verify_certificate = yes
require_certificate = yes

""" for role in ("server", "client"))


class Gateway(Kamailio):
    """name: of its certificate in test/pki. udp, tls: address:port of its listeners. target: where new calls go, e.g.
    "127.0.0.1:5061;transport=tls"."""

    def __init__(self, run, name, udp, tls, target):
        text = TLS.format(cert=pki.cert(name), key=pki.key(name), ca=pki.cert("ca"))
        super().__init__(run, name, TREE / "test" / "demo" / "gateway.cfg", shm_mb=64, defines={
            "GW_UDP": f"udp:{udp}", "GW_TLS": f"tls:{tls}", "GW_TLS_CFG": run.write(f"{name}-tls.cfg", text),
            "GW_NEXT": target})
