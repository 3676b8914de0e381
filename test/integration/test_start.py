# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not start does not start, and says why; what can be done without is done without."""

import re
import socket

import cube
import pki
from cases import check, equal, limit
from kamailio import stock_modules
from run import Failed, wait_until
from tlsclient import client_context, try_options

CONF = """sip-ua {{
    listen-non-secure = {{ "{at}:5060" }}
    trusted-list      = {{ "{friend}" }}
}}
tls-profile 100 {{ trustpoint = "tenant100"  tls-version = "1.2+" }}
tls-profile 200 {{ trustpoint = "tenant200" }}
tenant 100 {{
    tls-profile       = 100
    listen-secure     = "{at}:5100"
    listen-non-secure = "{at}:5070"
    session-transport = "tcp tls"
    sip-server        = "ipv4:127.0.0.1:5061"
}}
tenant 200 {{
    tls-profile       = 200
    listen-secure     = "{at}:5200"
}}
dial-peer 100 {{
    tenant              = 100
    destination-pattern = "1..."
    session-target      = "sip-server"
}}
"""

# What is replaced in CONF, by what; what the log must say (a pattern): the object, the value seen, what is allowed.
BAD = [
    ('listen-secure     = "{at}:5100"', 'listen-secure = "{at}"', r"tenant 100: listen-secure.*{at}.*port"),
    ('listen-secure     = "{at}:5100"', 'listen-secure = "elsewhere:5100"', r"tenant 100: listen-secure.*elsewhere"),
    ('listen-secure     = "{at}:5100"', 'listen-secure = "{at}:5200"', r"tenant 200: listen-secure.*5200.*tenant 100"),
    ('listen-secure     = "{at}:5100"', 'listen-secure = "{at}:5070"', r"tenant 100: .*5070.*tenant 100: listen-"),
    ('listen-secure     = "{at}:5100"', 'listen-secure = "{at}:5060"', r"5060.*sip-ua|sip-ua.*5060"),
    ("tls-profile       = 200", "tls-profile = 300", r"tenant 200: tls-profile 300: .*100, 200"),
    ('trustpoint = "tenant200"', 'trustpoint = "acme"', r"tls-profile 200: trustpoint.*acme.*tenant100.*tenant200"),
    ('tls-version = "1.2+"', 'tls-version = "1.2-"', r"tls-profile 100: tls-version.*1\.2-.*1\.0.*1\.3.*1\.2\+"),
    ('tls-version = "1.2+"', 'cipher = "7"', r"tls-profile 100: cipher.*7"),
    ('session-transport = "tcp tls"', 'session-transport = "sctp"', r"tenant 100: session-transport.*sctp.*udp.*tcp"),
    ('session-transport = "tcp tls"', 'sesion-transport = "udp"', r"tenant 100: sesion-transport"),
    ("tenant 200 {{", "tenant 100 {{", r"tenant 100.*(twice|again|already|more than once|duplicate)"),
    ("tenant 200 {{", "tenant 20000 {{", r"tenant \"?20000\"?: .*1 to 10000"),
    ('destination-pattern = "1..."', 'destination-pattern = "1[2"', r"dial-peer 100: destination-pattern.*1\[2"),
    ('session-target      = "sip-server"', 'session-target = "ipv4:1.2.3"', r"dial-peer 100: session-target.*1\.2\.3"),
    ('"ipv4:127.0.0.1:5061"', '"mail.example"', r"tenant 100: sip-server.*mail\.example.*ipv4"),
    ('trusted-list      = {{ "{friend}" }}', 'trusted-list = {{ "{friend}/33" }}', r"sip-ua: trusted-list.*/33"),
    ('session-target      = "sip-server"\n}}', 'session-target = "sip-server"', r"cube\.conf|dial-peer 100"),
]


class Made:
    def __init__(self, run, _stack):
        self.run = run
        self.at, self.friend = run.addresses.host(), run.addresses.host()
        self.count = 0

    def conf(self, old=None, new=None):
        if old is not None and CONF.count(old) != 1:
            raise Failed(f"the configuration has not exactly one '{old}'")
        text = CONF.replace(old, new) if old is not None else CONF
        text = text.format(at=self.at, friend=self.friend)
        return text + cube.trustpoint("tenant100") + cube.trustpoint("tenant200")

    def cube(self, text, **options):
        self.count += 1
        return cube.Cube(self.run, text, name=f"cube{self.count}", **options)

    def ask(self, port, identity="ogw"):
        return try_options(client_context(identity), self.friend, (self.at, port))[0]


setup = Made


def refused(server, words, timeout=20):
    """Starts a server that must not start. Its log must have a line with the words (a pattern)."""
    server.process = server.run.spawn(server.name, server.argv)
    status = server.process.wait(timeout)
    check(status != 0, f"{server.name}: ended with status 0")
    text = "\n".join(server.log())
    found = re.search(f"^.*(ERROR|CRITICAL).*(?:{words}).*$", text, re.M | re.I)
    check(found, f"{server.name}: no error line has '{words}'; there are: "
                 + " | ".join(line for line in server.log() if "ERROR" in line or "CRITICAL" in line)[:1500])
    return found.group(0).split(": ", 1)[1]


@limit(120)
def test_bad_conf(t):
    """A fault in cube.conf: kamailio -c and a real start end with an error that names the object and the value."""
    for number, (old, new, words) in enumerate(BAD):
        words = words.format(at=re.escape(t.made.at), friend=re.escape(t.made.friend)) if "{at}" in words else words
        server = t.made.cube(t.made.conf(old, new))
        status, text = server.check()
        check(status != 0, f"{new}: kamailio -c accepts it")
        found = re.search(f"^.*(ERROR|CRITICAL).*(?:{words}).*$", text, re.M)
        lines = [line.split(": ", 1)[1] for line in text.splitlines() if "ERROR" in line or "CRITICAL" in line]
        check(found, f"{new}: no error line has '{words}'; there are: {' | '.join(lines)[:1000]}")
        if number % 6 == 0:
            refused(server, words)
    server = t.made.cube(t.made.conf())
    status, text = server.check()
    equal("kamailio -c with a good one", status, 0)


def test_no_conf(t):
    """A cube.conf that is not there, or a modparam that is missing, is named."""
    server = t.made.cube("")
    server.conf.unlink()
    server.run.files.remove(server.conf)
    refused(server, r"cube\d+\.conf.*No such file")
    script = cube.script(t.run, [('modparam("cube_tenant", "config", CUBE_CONF)', "")], seen=False)
    refused(t.made.cube(t.made.conf(), config=script), r'modparam\("cube_tenant", "config"')


# What is replaced in the list of modules, by what; what the log must say.
MODULES = ("tls", "cube_tenant", "cube_tls", "cube_dialpeer")
TLS, TENANT, CUBE_TLS, DIALPEER = (f'loadmodule "{m}.so"\n' for m in MODULES)
ALL = TLS + TENANT + CUBE_TLS + DIALPEER
TLS_PARAM = 'modparam("tls", "config", "tls.cfg")\n'
ORDER = [
    ("cube_tls before tls", TENANT + CUBE_TLS + TLS + DIALPEER, (), r"tls\.so\W.*: tls\.so, cube_tenant\.so, "),
    ("cube_tls before cube_tenant", TLS + CUBE_TLS + TENANT + DIALPEER, (), r"cube_tls\.so\W.*cube_tenant\.so"),
    ("cube_dialpeer before cube_tenant", TLS + DIALPEER + TENANT + CUBE_TLS, (), r"cube_dialpeer\.so\W.*cube_tenant"),
    ("no tls", TENANT + CUBE_TLS + DIALPEER, [(TLS_PARAM, "")], r"(^|\W)tls\.so\W.*"),
    ("no cube_tls", TLS + TENANT + DIALPEER, (), r"cube_tls\.so.* is not loaded"),
    ("no enable_tls", ALL, [("enable_tls=yes\n", "")], r"enable_tls=yes"),
    ("tcp_reuse_port=no", ALL, [("####### Requests #######\n", "tcp_reuse_port=no\n")], r"tcp_reuse_port=no"),
]


def test_load_order(t):
    """A module that is missing or stands in the wrong place is an error at start that says what belongs where."""
    for what, modules, change, words in ORDER:
        script = cube.script(t.run, [(ALL, modules), *change], seen=False)
        line = refused(t.made.cube(t.made.conf(), config=script), words)
        t.say(f"          {what}: {line}")
    modules = TLS + CUBE_TLS + DIALPEER
    script = cube.script(t.run, [(ALL, modules), ('modparam("cube_tenant", "config", CUBE_CONF)', ""),
                                 ("cube_tenant_in();", "")], seen=False)
    text = script.read_text().replace("$cube(tenant)", "").replace("$cube(route)", '"DIAL_PEER"').replace("= $cube(dialpeer_out);", "= 0;")
    script.write_text(re.sub(r"\$cube\(\w+\)", "", text))
    line = refused(t.made.cube(t.made.conf(), config=script), r"cube_tenant\.so.*not loaded")
    t.say(f"          no cube_tenant: {line}")


def test_other_tls(t):
    """A tls.so that lacks one of the three symbols which cube_tls needs is an error at start that says so."""
    folder = t.run.dir / "modules"
    folder.mkdir()
    data = open(f"{stock_modules()}/tls.so", "rb").read()
    name = b"\0tls_BIO_new_mbuf\0"
    # One letter more here and 33 less in the next: the symbol's hash stays, so that tls.so itself still finds it.
    other = b"\0tls_BIO_nfV_mbuf\0"
    check(data.count(name) >= 1, "tls.so has no such name")
    (folder / "tls.so").write_bytes(data.replace(name, other))
    script = cube.script(t.run, [(TLS, f'loadmodule "{folder}/tls.so"\n')], seen=False)
    t.say("          " + refused(t.made.cube(t.made.conf(), config=script), r"has no symbol tls_BIO_new_mbuf.*"))


def test_second_server(t):
    """A second server with the same addresses does not start, and the first one goes on."""
    first = t.made.cube(t.made.conf()).start()
    second = t.made.cube(t.made.conf())
    line = refused(second, rf"%SIP-2-LISTEN_SOCKET: Failed to open listen socket for ip_addr={re.escape(t.made.at)}, "
                           r"port=5100, vrf=, transport=TLS, tenant=100")
    t.say(f"          {line}")
    secure = t.made.conf('listen-non-secure = {{ "{at}:5060" }}\n', "")
    secure = secure.replace(f'    listen-non-secure = "{t.made.at}:5070"\n', "")
    check("non-secure" not in secure, "this configuration has only TLS listeners")
    refused(t.made.cube(secure), r"none of the 2 listeners of cube\.conf could be opened")
    equal("the first server", t.made.ask(5100), "200")
    equal("the first server", t.made.ask(5200), "200")
    first.prove_alive()
    first.stop()


def test_one_listener(t):
    """A tenant whose TLS port is taken is reported and down; the others are served."""
    with socket.create_server((t.made.at, 5200)):
        server = t.made.cube(t.made.conf()).start()
        line = server.wait_log("%SIP-2-LISTEN_SOCKET: Failed to open listen socket for "
                               f"ip_addr={t.made.at}, port=5200, vrf=, transport=TLS, tenant=200")[0]
        t.say("          " + line.split(": ", 1)[1])
        equal("tenant 100", t.made.ask(5100), "200")
        rows = {row["tenant"]: row for row in server.rpc("cube_tenant.list") if "listen-secure" in row}
        equal("cube_tenant.list", {n: r["listen-secure-state"] for n, r in rows.items()}, {"100": "open", "200": "down"})
        server.prove_alive()
        server.stop()
    wait_until(lambda: not server.alive(), 5, "the server ended")
    with socket.create_server((t.made.at, 5070)):
        line = refused(t.made.cube(t.made.conf()), r"%SIP-2-LISTEN_SOCKET.*port=5070.*tenant=100")
        t.say("          " + line)


def test_readable_key(t):
    """A private key that everybody can read keeps the server from starting; the message has the remedy."""
    key = t.run.dir / "tenant200.key"
    key.write_text(pki.key("tenant200").read_text())
    text = t.made.conf().replace(str(pki.key("tenant200")), str(key))
    for mode in (0o644, 0o604, 0o660):
        key.chmod(mode)
        words = rf"trustpoint \"?tenant200\"?: private-key .*tenant200\.key.*{mode:04o}.*chmod 0?600"
        line = refused(t.made.cube(text), words)
    t.say("          " + line)


def test_quiet(t):
    """With cfg/kamailio.cfg as it is, the server starts without a line that says ERROR or CRITICAL."""
    server = t.made.cube(t.made.conf()).start()
    equal("OPTIONS", t.made.ask(5100), "200")
    for word in ("CRITICAL", " ERROR: "):
        equal(f"lines with {word.strip()}", server.logged(word)[:1], [])
    server.stop()
