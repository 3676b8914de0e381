# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page, GET /cube: what it says, that nobody's words become markup, and what a browser makes of it."""

import contextlib
import html.parser
import re
import socket
import struct
import time
import urllib.request

import browser
import cube
import netns
import pki
from caller import UdpLeg, place
from cases import Skipped, check, equal, limit
from oddcerts import OddCerts
from run import TREE, Failed, wait_until
from tlsclient import client_context, served, try_options
from udpend import UdpEnd

SLOW = 12  # three for each of cfg/kamailio.cfg's TCP workers
SLOW_BYTES = 200000
# They may be slow for longer than the test lasts, and are not cut off for what waits.
SLOW_CHANGES = [("tcp_children=4\n", "tcp_children=4\ntcp_conn_wq_max=1048576\n"), ("tcp_send_timeout=5\n", "tcp_send_timeout=60\n")]
EVIL = "<img src=x onerror=document.title='evil'>"
CONF = """options-keepalive 1 {{ up-interval = 5  down-interval = 5  retry = 5 }}
options-keepalive 2 {{ up-interval = 5  down-interval = 5  retry = 1 }}
sip-ua {{ listen-non-secure = {{ "{cube}:5060" }}  trusted-list = {{ "127.0.0.0/8" }} }}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{ trustpoint = "<b>bold</b>" }}
tenant 100 {{ description = "{evil}"  tls-profile = 1  listen-secure = "{cube}:5100" }}
tenant 200 {{ description = "Zürich & Söhne"  tls-profile = 2  listen-secure = "{cube}:5200"  session-transport = "tcp tls" }}
"""


class Made:
    def __init__(self, run, stack):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "web")}
        conf = CONF.format(evil=EVIL, **self.at) + cube.trustpoint("tenant100")
        conf += cube.trustpoint("<b>bold</b>", pki.cert("tenant200"), pki.key("tenant200"))
        conf += cube.dial_peer(7, 200, "7...", "ipv4:192.0.2.7:5061")
        self.ends = {name: UdpEnd(stack, self.at["peer"], port, lambda m, port=port: 503 if port == 7002 and m.method == "OPTIONS" else 200)
                     for name, port in (("up", 7001), ("down", 7002))}
        for tag, end in ((8, "up"), (9, "down")):
            conf += (f'dial-peer {tag} {{ destination-pattern = "{tag}..."  session-target = "ipv4:{self.ends[end].at}"  '
                     f'description = "{EVIL}"  options-keepalive-profile = {tag - 7} }}\n')
        self.http = self.at["web"], run.addresses.port(self.at["web"], 8080)
        self.url = "http://%s:%d/cube" % self.http
        self.dir = run.dir
        config = cube.script(run, SLOW_CHANGES, seen=False)
        self.cube = cube.Cube(run, conf, config=config, more={"CUBE_HTTP": "tcp:%s:%d" % self.http}).start()
        odd = OddCerts(run.dir / "odd", "evil.example")
        cert = odd.leaf("evil", san="email:x@evil.example", cn="<script>alert(1)<\\/script>")
        self.evil = client_context()
        self.evil.load_cert_chain(cert.pem, cert.key)

    def get(self):
        """(headers, text)"""
        with urllib.request.urlopen(self.url, timeout=20) as answer:
            return answer.headers, answer.read().decode()

    def connect(self, port, context=None, name=None):
        return served(context or client_context("ogw"), self.at["peer"], (self.at["cube"], port), name=name)


setup = Made


class Document(html.parser.HTMLParser):
    """Elements and their attributes, and the text of each table by its title: [{heading of the cell: text}]"""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.tables, self.text = set(), set(), {}, ""
        self._title = self._row = self._cell = self._in = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in = tag
        if tag == "h2":
            self._title = ""
        elif tag == "table":
            self.tables[self._title] = []
        elif tag == "tr":
            self._row = {}
        elif tag == "td":
            self._cell = dict(attrs)["data-l"]
            self._row[self._cell] = ""

    def handle_endtag(self, tag):
        if tag == "tr" and self._row:
            self.tables[self._title].append(self._row)
        elif tag == "td":
            self._cell = None

    def handle_data(self, data):
        if self._in == "style":
            return
        self.text += data
        if self._in == "h2" and self._title is not None:
            self._title += data
            self._in = None
        elif self._cell is not None:
            self._row[self._cell] += data


ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "section", "div", "b", "span",
            "small", "br", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


def test_words(t):
    """The page's numbers are the server's, and strangers' words are text: elements and attributes are ours alone."""
    made = t.made
    try_options(client_context(None, "1.2", "1.2"), made.at["peer"], (made.at["cube"], 5100))
    with made.connect(5100), made.connect(5100), made.connect(5200, made.evil, "<i>sni</i>"):
        headers, text = made.get()
    equal("Content-Type", headers["Content-Type"], "text/html; charset=utf-8")
    check("default-src 'none'; style-src 'sha256-" in headers["Content-Security-Policy"], f"{headers}")
    equal("other headers", (headers["X-Content-Type-Options"], headers["Referrer-Policy"], headers["Cache-Control"]),
          ("nosniff", "no-referrer", "no-store"))
    page = Document(text)
    equal("elements that are not ours", sorted(page.elements - ELEMENTS), [])
    equal("attributes that are not ours", sorted(page.attributes - {"lang", "charset", "name", "content", "http-equiv", "class",
                                                                    "data-l"}), [])
    check("://" not in text and "url(" not in text, "it asks nobody else for anything")
    tenants = {row["Tenant"]: row for row in page.tables["Tenants"]}
    equal("tenant 100", tenants["100"], {
        "Tenant": "100", "Description": EVIL, "Listeners": f"{made.at['cube']}:5100 TLS open", "Connections in": "2",
        "Connections out": "0", "Untrusted requests": "0"})
    equal("tenant 200", tenants["200"]["Description"], "Zürich & Söhne")
    rows = {row["Tenant"]: row for row in page.tables["Connections"]}
    equal("connections of tenant 100", (rows["100"]["Far end"], rows["100"]["Connections"], rows["100"]["Its certificate"]),
          (f"from {made.at['peer']}", "2", "ogw.example"))
    equal("SNI", rows["200"]["Far end"], f"from {made.at['peer']}asked for <i>sni</i>")
    check("<script>alert(1)" in rows["200"]["Its certificate"], f"the name in the certificate: {rows['200']}")
    handshakes = {(row["Tenant"], row["We are"]): row for row in page.tables["Handshakes since the start"]}
    row = handshakes["100", "server"]
    equal("handshakes of tenant 100", (row["Done"], row["Failed"], row["Why"]), ("2", "1", "no-certificate\N{NO-BREAK SPACE}1"))
    names = {row["Trustpoint"]: row["Our certificate"] for row in page.tables["Certificates"]}
    check("<b>bold</b>" in names and "days lefttenant100.cube.example" in names["tenant100"], f"{names}")
    equal("dial-peers", [(row["Dial-peer"], row["Out"], row["Target"]) for row in page.tables["Dial-peers"]][:1],
          [("7", "7...", "ipv4:192.0.2.7:5061 (TLS)")])
    for secret in pki.key("tenant100").read_text().split("\n")[1:3]:
        check(secret not in text, "the key is in it")
    made.cube.wait_no_connection()


def test_targets(t):
    """Those that are watched: who is down first, for how long, what they said, what became of calls to them."""
    made = t.made
    down = f"target {made.ends['down'].at} is down"
    wait_until(lambda: down in Document(made.get()[1]).text, 10, "it needs attention")
    wait_until(lambda: made.ends["up"].requests, 10, "the other one is asked")
    leg = UdpLeg(made.at["peer"], (made.at["cube"], 5060))
    place(leg, "8000")
    leg.close()
    wait_until(lambda: Document(made.get()[1]).tables["Targets"][1]["State"] == "up", 10, "its answer is shown")
    rows = Document(made.get()[1]).tables["Targets"]
    for row in rows:
        check(re.fullmatch(r"\d\ss|\d\d\ss|\d\smin", row.pop("For")), "for how long it is up, or down")
        check(re.fullmatch(r"\d{1,3} ms", row.pop("Round trip")), "how long its answer took")
    wanted = (("down", "9", "down", "503", "0"), ("up", "8", "up", "200", "1"))
    equal("targets", rows, [{"Tenant": "sip-ua", "Target": f"{made.ends[end].at} (UDP){peer}", "State": state, "Last answer": said,
                             "Calls sent": calls, "Answered": calls, "Hunted past": "0"} for end, peer, state, said, calls in wanted])


@limit(120)
def test_browser(t):
    """Chromium shows it with its style, runs nothing, asks nobody, and has nothing to complain of; pictures of it."""
    made = t.made
    if not browser.installed():
        raise Skipped("chromium is not installed (make page-test does that)")
    with made.connect(5100), made.connect(5200, made.evil, "<i>sni</i>"):
        document, complaints = browser.load(made.url)
        equal("what the browser says", complaints, [])
        check("kamailio-cube</title>" in document, "somebody changed the title")
        page = Document(document)
        equal("elements that are not ours", sorted(page.elements - ELEMENTS), [])
        equal("tenant 100", {row["Tenant"]: row for row in page.tables["Tenants"]}["100"]["Description"], EVIL)
        for name, width, height, dark in (("desktop", 1240, 1100, False), ("dark", 1240, 1100, True), ("phone", 500, 1100, False)):
            path = made.dir / f"{name}.png"
            browser.picture(made.url, path, width, height, dark)
            data = path.read_bytes()
            equal(f"{name}: the picture's size", struct.unpack(">II", data[16:24]), (width, height))
            check(len(data) > 20000, f"{name}: there is next to nothing in the picture ({len(data)} bytes)")
    made.cube.prove_alive()


def _slow(made, page):
    """A client that asks for more pages than its socket and the server's hold, and reads none of them."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # the server's buffer follows from it
    sock.settimeout(5)
    sock.connect(made.http)
    sock.sendall(b"GET /cube HTTP/1.1\r\nHost: x\r\n\r\n" * (SLOW_BYTES // len(page)))
    return sock


def _settled(rpc, least):
    """The bytes in the core's queues, once they are more than that and have been the same for a while."""
    last, until = None, time.monotonic() + 20
    while time.monotonic() < until:
        now = rpc.call("core.tcp_info")["write_queued_bytes"]
        if now == last and now > least:
            return now
        last = now
        time.sleep(0.3)
    raise Failed(f"{last} bytes are in the core's queues, must be more than {least} and stay so")


def test_slow_readers(t):
    """HTTP and SIP are answered as fast beside more slow readers than there are TCP workers: what they do not take waits in
    the core's queues, and no worker with it."""
    made = t.made
    _, page = made.get()
    slowest = 0
    with contextlib.ExitStack() as stack, made.cube.binrpc() as rpc:
        for _ in range(SLOW):
            stack.enter_context(_slow(made, page))
        queued = _settled(rpc, SLOW * len(page))
        for _ in range(SLOW):  # each worker's turn comes
            began = time.monotonic()
            made.get()
            made.connect(5100).close()
            slowest = max(slowest, time.monotonic() - began)
        check(rpc.call("core.tcp_info")["write_queued_bytes"] >= queued, "the readers are still there")
    check(slowest < 2, f"a page and a connection took {slowest:.2f} s beside {SLOW} that do not read")
    made.cube.wait_no_connection()
    made.cube.prove_alive()


def test_others(t):
    """From an address that is not this machine's loopback everything is 403; what the documentation opens is open."""
    text = (TREE / "docs" / "operations.md").read_text()
    opening = text[text.index('\tif($hu == "/metrics"'):].split("```")[0]
    check_line = "\t# Who reaches this may do all that kamcmd may.\n"
    conf = 'sip-ua { listen-non-secure = { "127.0.0.1:5060" } }\n'

    def status(source, path, method="GET"):
        with socket.create_connection(("192.0.2.1", 8080), 5, (source, 0)) as sock:
            sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
            return int(sock.recv(65536).split(b" ")[1])

    try:
        with netns.namespace():
            for address in ("192.0.2.1/24", "192.0.2.50/24", "192.0.2.51/24"):
                netns.ip("address", "add", address, "dev", "lo")
            config = cube.script(t.run, [(check_line, opening + check_line)], seen=False)
            for name, path, opened in (("closed", cube.CONFIG, 403), ("opened", config, 200)):
                server = cube.Cube(t.run, conf, name=name, config=path, more={"CUBE_HTTP": "tcp:192.0.2.1:8080"}).start()
                equal(f"{name}: /metrics", status("192.0.2.50", "/metrics"), opened)
                for source, what, method in (("192.0.2.50", "/cube", "GET"), ("192.0.2.50", "/RPC", "POST"),
                                             ("192.0.2.51", "/metrics", "GET"), ("192.0.2.51", "/cube", "GET")):
                    equal(f"{name}: {what} from {source}", status(source, what, method), 403)
                server.stop()
    except PermissionError:
        raise Skipped("a network namespace needs root") from None
