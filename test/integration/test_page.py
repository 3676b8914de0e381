# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page, GET /cube: what it says, that nobody's words become markup, and what a browser makes of it."""

import html.parser
import socket
import struct
import time
import urllib.request

import browser
import cube
import netns
import pki
from cases import Skipped, check, equal, limit
from oddcerts import OddCerts
from run import TREE, wait_until
from tlsclient import client_context, served, try_options

EVIL = "<img src=x onerror=document.title='evil'>"
CONF = """sip-ua {{ trusted-list = {{ "127.0.0.0/8" }} }}
tls-profile 1 {{ trustpoint = "tenant100" }}
tls-profile 2 {{ trustpoint = "<b>bold</b>" }}
tenant 100 {{ description = "{evil}"  tls-profile = 1  listen-secure = "{cube}:5100" }}
tenant 200 {{ description = "Zürich & Söhne"  tls-profile = 2  listen-secure = "{cube}:5200"  session-transport = "tcp tls" }}
"""


class Made:
    def __init__(self, run, _stack):
        self.run = run
        self.at = {name: run.addresses.host() for name in ("cube", "peer", "web")}
        conf = CONF.format(evil=EVIL, **self.at) + cube.trustpoint("tenant100")
        conf += cube.trustpoint("<b>bold</b>", pki.cert("tenant200"), pki.key("tenant200"))
        conf += cube.dial_peer(7, 200, "7...", "ipv4:192.0.2.7:5061")
        self.http = self.at["web"], run.addresses.port(self.at["web"], 8080)
        self.url = "http://%s:%d/cube" % self.http
        self.dir = run.dir
        self.cube = cube.Cube(run, conf, more={"CUBE_HTTP": "tcp:%s:%d" % self.http}).start()
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
            "small", "br", "table", "thead", "tbody", "tr", "th", "td"}


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
    equal("dial-peers", [(row["Dial-peer"], row["Out"], row["Target"]) for row in page.tables["Dial-peers"]],
          [("7", "7...", "ipv4:192.0.2.7:5061 (TLS)")])
    check("Nothing needs attention" in page.text, "nothing is wrong")
    for secret in pki.key("tenant100").read_text().split("\n")[1:3]:
        check(secret not in text, "the key is in it")
    made.cube.wait_no_connection()


@limit(120)
def test_browser(t):
    """Chromium shows it with its style, runs nothing, asks nobody, and has nothing to complain of; pictures of it."""
    made = t.made
    if not browser.installed():
        raise Skipped("chromium is not installed (make page-test does that)")
    with made.connect(5100), made.connect(5200, made.evil, "<i>sni</i>"):
        document, complaints = browser.load(made.url)
        equal("what the browser says", complaints, [])
        check("<title>kamailio-cube</title>" in document, "somebody changed the title")
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


def test_slow_readers(t):
    """HTTP is answered as fast beside slow readers of the page: no worker waits for them."""
    made = t.made
    idle = []
    for _ in range(8):
        sock = socket.create_connection(made.http, timeout=5)
        sock.sendall(b"GET /cube HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.append(sock)
    began = time.monotonic()
    made.get()
    took = time.monotonic() - began
    for sock in idle:
        sock.close()
    check(took < 1, f"{took:.2f} s beside eight that do not read")
    wait_until(made.cube.alive, 1, "it is alive")
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
