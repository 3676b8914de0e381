# SPDX-License-Identifier: GPL-2.0-or-later
"""cube-fetch, the program that fetches CRLs and asks OCSP responders: against servers that answer well, badly, slowly,
too much or not at all, it tells in words what happened, and it never takes longer than it may."""

import contextlib
import gzip
import http.server
import pathlib
import resource
import socket
import struct
import subprocess
import threading
import time

import netns
from ca import Ca
from cases import Skipped, check, equal
from kamailio import MODULES
from run import wait_until

CRL, OCSP = 1, 2
GOOD, REVOKED, UNKNOWN = 0, 1, 2
MAGIC = 0x63756232
REQUEST, REPLY, CRL_HEAD = struct.Struct("=7I20s"), struct.Struct("=5I4xI4x2q"), struct.Struct("=2q2I")
MB = 1 << 20
SECONDS = 2
LARGE = {"said": b"HTTP/1.0 200 OK\r\nContent-Length: 104857600\r\n\r\n", "unsaid": b"HTTP/1.0 200 OK\r\n\r\n",
         "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6400000\r\n",
         "redirect": b"HTTP/1.0 302 Found\r\nLocation: /crl.der\r\n\r\n", "missing": b"HTTP/1.0 404 Not Found\r\n\r\n"}
LOST = "192.0.2.{0}"  # RFC 5737; only in a namespace of our own


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the path of the request."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        made = self.server.made
        made.asked = self.headers
        made.seen.append(self.path)
        try:
            self.answer(made, self.path.strip("/").split("/"))
        except OSError:
            pass  # it has gone

    do_POST = do_GET

    def answer(self, made, path):
        mode = path[0]
        if mode == "status":
            self.send_error(int(path[1]))
        elif mode == "redirect":
            self.send_response(302)
            self.send_header("Location", made.redirects[path[1]])
            self.send_header("Set-Cookie", "a=b")
            self.end_headers()
        elif mode == "silent":
            made.over.wait(60)
        elif mode == "drip":
            self.head(1000)
            while not made.over.wait(0.1):
                self.wfile.write(b"0")
        elif mode == "drip-head":
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            while not made.over.wait(0.1):
                self.wfile.write(b"X: y\r\n")
        elif mode == "large":
            self.wfile.write(LARGE[path[1]])
            for _ in range(100):
                self.wfile.write(bytes(MB))
        elif mode in ("raw", "raw-open"):
            self.wfile.write(made.raw[path[1]])
            if mode == "raw-open":
                made.over.wait(60)
        elif mode == "ocsp":
            made.data["answer"] = made.ca.ocsp(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(made, ["answer"])
        else:
            data = made.data[mode]
            self.head(len(data))
            self.wfile.write(data)

    def head(self, length):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()


class Reply:
    """What cube-fetch said, and how long it took."""

    def __init__(self, data, took):
        self.took = took
        magic, self.kind, self.ok, text_len, data_len, self.status, self.this_update, self.next_update = \
            REPLY.unpack_from(data)
        equal("magic of the reply", magic, MAGIC)
        equal("length of the reply", len(data), REPLY.size + text_len + data_len)
        self.text = data[REPLY.size:REPLY.size + text_len].decode("ascii")
        check(len(self.text) <= 512 and self.text.isprintable(), f"text must be one printable line: {self.text!r}")
        self.data = data[REPLY.size + text_len:]
        if self.ok and self.kind == CRL:
            self.this_update, self.next_update, self.covers, n = CRL_HEAD.unpack_from(self.data)
            self.serials = [int.from_bytes(self.data[at:at + 20], "big")
                            for at in range(CRL_HEAD.size, len(self.data), 20)]
            equal("entries", len(self.serials), n)


class Made:
    def __init__(self, run, stack):
        self.run = run
        self.dir = pathlib.Path(run.dir)
        self.ca, self.other = Ca(run.dir, "ca"), Ca(run.dir, "other")
        certs = {name: self.ca.issue(name) for name in ("good", "revoked")}
        self.serials = {name: cert.serial for name, cert in certs.items()}
        self.ca.revoke(certs["revoked"])
        self.data = {"crl.der": self.ca.crl(), "crl.pem": self.ca.crl("PEM"), "other.der": self.other.crl(),
                     "garbage": bytes(range(256)) * 8, "empty": b"", "html": b"<html>Hello</html>"}
        self.redirects, self.raw, self.seen = {}, {}, []
        self.over = threading.Event()
        self.host = run.addresses.host()
        self.port = run.addresses.port(self.host, 8080)
        stack.enter_context(self.server(self.host, self.port))
        stack.callback(self.over.set)

    @contextlib.contextmanager
    def server(self, host, port):
        with http.server.ThreadingHTTPServer((host, port), Handler) as server:
            server.daemon_threads = True
            server.made = self
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield
            finally:
                server.shutdown()

    def url(self, path):
        return f"http://{self.host}:{self.port}/{path}"

    def fetch(self, url, kind=CRL, seconds=SECONDS, cache="", serial=0, issuer=None, place=""):
        """Fetches, in the time that is given, whatever happens."""
        issuer = (issuer or self.ca).der
        url, cache, place = str(url).encode(), str(cache).encode(), str(place).encode()
        request = REQUEST.pack(MAGIC, kind, seconds, len(url), len(issuer), len(cache), len(place),
                               serial.to_bytes(20, "big"))
        began = time.monotonic()
        status, out, err = run_it(request + url + issuer + cache + place, seconds + 5)
        took = time.monotonic() - began
        equal(f"exit status for {url}", status, 0)
        equal("written to stderr", err, b"")
        check(took < seconds, f"{url}: it took {took:.2f} s, {seconds} s are allowed")
        return Reply(out, took)

    def fails(self, url, *texts, quickly=True, **more):
        """texts: the wanted one, or those that may be; the beginning of it, if that ends with a blank."""
        reply = self.fetch(url, **more)
        check(not reply.ok, f"{url}: must fail")
        check(any(reply.text == text or text.endswith(" ") and reply.text.startswith(text) for text in texts),
              f"{url}: it says '{reply.text}', must be '{' or '.join(texts)}'")
        equal("data of a failure", reply.data, b"")
        if quickly:
            check(reply.took < 1.5, f"{url}: it took {reply.took:.2f} s")
        return reply

    def gets(self, url, text="", **more):
        """A CRL with the one that is revoked."""
        reply = self.fetch(url, **more)
        check(reply.ok, f"{url}: {reply.text}")
        equal(f"text for {url}", reply.text, text)
        equal("serial numbers", reply.serials, [self.serials["revoked"]])
        equal("covers", reply.covers, 3)
        check(0 <= time.time() - reply.this_update < 600, "thisUpdate must be a moment ago")
        return reply


setup = Made


def run_it(data, timeout, **more):
    result = subprocess.run([MODULES / "cube-fetch"], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            timeout=timeout, check=False, **more)
    return result.returncode, result.stdout, result.stderr


def test_good(t):
    """DER and PEM, from a server and from a file."""
    made = t.made
    for name in ("crl.der", "crl.pem"):
        made.gets(made.url(name))
        (made.dir / name).write_bytes(made.data[name])
        made.gets(made.dir / name)
    (made.dir / "a:").mkdir()
    (made.dir / "a:" / "crl.der").write_bytes(made.data["crl.der"])
    made.gets(f"{made.dir}/a://crl.der")  # a path, whatever is in it
    made.gets(made.url("crl.der").replace("http", "HTTP"))
    equal("asked for", made.seen, ["/crl.der", "/crl.pem", "/crl.der"])


def test_place(t):
    """A CRL that names its distribution point is that one's alone, wherever it comes from, a cache included; where the
    operator says what to take, it is taken."""
    made = t.made
    here, there = made.url("part-1"), made.url("part-2")
    other, cache = "it is the one of another distribution point", made.dir / "part-cache"
    for name, url in (("part-1", here), ("part-2", there)):
        made.data[name] = made.ca.crl(place=url)
    made.gets(here, place=here, cache=cache)
    made.gets(made.url("status/404"), "from the cache: HTTP 404", place=here, cache=cache)
    made.fails(made.url("status/404"), "HTTP 404", place=there, cache=cache)
    made.gets(cache, place=here)  # what is kept on disk is looked at first
    made.fails(cache, other, place=there)
    made.fails(there, other, place=here)
    made.gets(there)
    made.gets(made.url("crl.der"), place=here)


def test_errors(t):
    """What is wrong is told in words, at once."""
    made = t.made
    url, closed = made.url, made.run.addresses.port(made.host, 9000)
    made.fails(url("status/404"), "HTTP 404")
    made.fails(url("status/500"), "HTTP 500")
    made.fails(f"http://{made.host}:{closed}/", "connection refused")
    no_crl = "not a CRL (DER, or PEM with BEGIN X509 CRL, is expected)"
    made.fails(url("garbage"), no_crl)
    made.fails(url("html"), no_crl)
    made.fails(url("empty"), "empty")
    made.data["cut"] = made.data["crl.der"][:-1]
    made.fails(url("cut"), "not a CRL, or one that is cut off")
    made.fails(url("other.der"), "it is the CRL of /CN=other, not of /CN=ca")
    made.fails(made.dir / "none", "cannot be read (No such file or directory)")
    made.fails(made.dir, "not a file")
    made.fails("https://127.0.0.1/", "not an address of http:// that can be fetched")
    made.fails("http://", "not an address of http:// that can be fetched")
    made.fails(url("a b"), "not an address of http:// that can be fetched")
    made.fails("http://127.0.0.1:99999/", "its address does not parse (http://HOST[:PORT][/PATH] is expected)")
    made.fails("http://[::1/", "its address does not parse (http://HOST[:PORT][/PATH] is expected)")
    made.fails(f"http://user:word@{made.host}:{made.port}/crl.der", "an address with a user name is not asked")
    made.fails(made.dir / "crl.der", "not an address of http:// that can be fetched", kind=OCSP)


def chunks(*parts):
    """After the head of a chunked answer."""
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


def test_odd_answers(t):
    """Answers that are hardly HTTP. Some words are those of the one or the other release of libcurl."""
    made = t.made
    crl = made.data["crl.der"]
    no_http, cut = "the answer is not HTTP", "the answer is cut off"
    ok, chunked = b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    too_long = ("out of memory, or a header is too long", "a value or data field grew larger than allowed")
    too_many = ("too large response headers: ", "too many response headers, ")
    no_number = ("illegal or missing hexadecimal sequence in chunked-encoding", "chunk hex-length char not a hex digit: ")
    rows = [
        (b"", "the connection was closed without an answer"),
        (b"HTTP/1.", "the connection was closed without an answer"),
        *((raw, no_http) for raw in (b"hello\r\n\r\n", b"a" * 1000000, b"\x15\x03\x01\0\x02\x02\x50")),
        *((b"HTTP/" + raw + b" OK\r\n\r\n" + crl, no_http) for raw in (b"1.0 20", b"1.0 -20", b"3 200")),
        (b"HTTP/1.0 200 OK\r\n", "empty"),
        (b"HTTP/1.0 200 OK\r\nX: \0\r\n\r\n" + crl, no_http),
        (b"HTTP/1.0 200 OK\r\nX\r\n\r\n" + crl, no_http),
        *((raw + b"a" * 200000 + b"\r\n\r\n" + crl, *too_long) for raw in (b"HTTP/1.0 200 ", ok + b"X: ")),
        (ok + b"Xyz: abc\r\n" * 100000 + b"\r\n" + crl, *too_many),
        (ok + b"X: y\r\n" + (b" " * 1000 + b"z\r\n") * 1000 + b"\r\n" + crl, *too_many),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20000 + ok + b"\r\n" + crl, *too_many),
        (b"HTTP/1.0 200 OK\r\n" * 2000 + b"\r\n" + crl, no_http),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5000\r\n\r\n" + crl, cut),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n" + crl, "more than 64 MB"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 67108865\r\n\r\n" + crl, "more than 64 MB"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 67108864\r\n\r\n" + crl, cut),
        (b"HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n" + crl, no_http),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n" + crl, "empty"),
        (b"HTTP/1.0 404 Not Found\r\nContent-Length: 99999999999999999999999\r\n\r\n" + crl, "HTTP 404"),
        (b"HTTP/1.0 404 Not Found\r\nContent-Length: 5\r\n\r\n", "HTTP 404"),
        (b"HTTP/1.0 302 Found\r\n\r\n", "HTTP 302"),
        (b"HTTP/1.0 302 Found\r\nLocation: /crl.der\r\nContent-Length: 5\r\n\r\n", cut),
        (b"HTTP/1.0 304 Not Modified\r\n\r\n", "HTTP 304"),
        (b"HTTP/1.1 206 Partial Content\r\n\r\n" + crl, "HTTP 206"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + crl, "HTTP 101"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "the connection was closed without an answer"),
        (b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\n\r\n", "HTTP 401"),
        (chunked + chunks(), "empty"),
        (chunked + chunks(crl)[:-9], cut),
        (chunked + chunks(crl)[:30], cut),
        *((chunked + raw + b"\r\n" + crl, *no_number) for raw in (b"x", b"-1")),
        (chunked + b"f" * 18 + b"\r\n" + crl, "too long hexadecimal number in chunked-encoding",
         "chunk hex-length longer than 16"),
        (chunked + b"7" + b"f" * 15 + b"\r\n" + crl, cut),
        (chunked + b"5\r\nabcdeX5\r\n", cut + ": "),
        (chunked + b"0\r\nX: " + b"y" * 100000 + b"\r\n\r\n", "out of memory in chunked-encoding",
         "a value or data field grew larger than allowed"),
        (ok + b"Transfer-Encoding: \x01odd\xff\r\n\r\n" + crl, "unrecognized content encoding type. ",
         "unsolicited Transfer-Encoding "),
        (ok + b"\r\n" + crl, None),
        (b"HTTP/1.0 200\r\n\r\n" + crl, None),
        (b"HTTP/1.0 200 OK\n\n" + crl, None),
        (b"HTTP/1.0 200 OK\r\ncontent-length:%d\r\n\r\n" % len(crl) + crl + b"and more", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + ok + b"\r\n" + crl, None),
        (chunked + chunks(crl), None),
        (chunked + chunks(crl[:1], crl[1:100], crl[100:]) + b"and more", None),
    ]
    for number, (raw, *texts) in enumerate(rows):
        made.raw[str(number)] = raw
        url = made.url(f"raw/{number}")
        if texts == [None]:
            made.gets(url)
            if raw.endswith(b"and more"):
                made.gets(made.url(f"raw-open/{number}"))
        else:
            made.fails(url, *texts)


def test_redirects(t):
    """They are followed within http://, some of them."""
    made = t.made
    rows = {
        "here": (made.url("crl.der"), None),
        "relative": ("/crl.der", None),
        "twice": ("/redirect/here", None),
        "loop": ("/redirect/loop", "redirected more than 10 times"),
        "far-loop": (made.url("redirect/far-loop"), "redirected more than 10 times"),
        "https": ("https://127.0.0.1/crl.der", "redirected to https://, which is not followed"),
        "file": ("file:///etc/passwd", "redirected to what is no address of http://"),
        "path": ("here", None),
        "no-scheme": (f"//{made.host}:{made.port}/crl.der", None),
        "user": (f"http://user:word@{made.host}:{made.port}/crl.der", "an address with a user name is not asked"),
        "other": ("other://127.0.0.1/crl.der", "redirected to what is no address of http://"),
        "open": ("http://[::1/", "its address does not parse (http://HOST[:PORT][/PATH] is expected)"),
        "empty": ("", "HTTP 302"),
        "garbage": ("/raw/hello", "the answer is not HTTP"),
        "long": ("/" + "a" * 2000, "redirected to what is no address of http://"),
        "missing": ("/status/404", "HTTP 404"),
    }
    made.raw["hello"] = b"hello\r\n\r\n"
    made.redirects.update({name: to for name, (to, _) in rows.items()})
    for name, (_, text) in rows.items():
        if text is None:
            made.gets(made.url(f"redirect/{name}"))
        else:
            made.fails(made.url(f"redirect/{name}"), text)
    made.seen.clear()
    made.fails(made.url("redirect/loop"), "redirected more than 10 times")
    equal("requests", len(made.seen), 11)


def test_asked(t):
    """Nothing is asked but the question: no cookie, no password, no other protocol."""
    made = t.made
    made.redirects["to"] = made.url("crl.der")
    made.gets(made.url("redirect/to"))
    equal("headers of a GET", sorted(made.asked.keys()), ["Accept", "Host", "User-Agent"])
    check(made.fetch(made.url("ocsp"), kind=OCSP, serial=made.serials["good"]).ok, "the responder must answer")
    equal("headers of a POST", sorted(made.asked.keys()),
          ["Accept", "Content-Length", "Content-Type", "Host", "User-Agent"])
    equal("what is sent and wanted", (made.asked["Content-Type"], made.asked["Accept"]),
          ("application/ocsp-request", "application/ocsp-response"))


def test_slow(t):
    """Who does not answer, or never comes to an end, costs the time that is given and no more."""
    made = t.made
    text = f"no answer within {SECONDS} s"
    for path in ("silent", "drip", "drip-head"):
        reply = made.fails(made.url(path), text, quickly=False)
        check(reply.took > SECONDS / 2, f"{path}: it took {reply.took:.2f} s only")
    made.fails(made.url("silent"), "no answer within 1 s", quickly=False, seconds=1)
    made.fails(made.url("silent"), text, quickly=False, kind=OCSP)
    name = "no.such.name.invalid"
    made.fails(f"http://{name}/", text, f"could not resolve host: {name}", quickly=False)
    with socket.create_server((made.host, made.run.addresses.port(made.host, 9100)), backlog=0) as deaf:
        full = [socket.socket() for _ in range(4)]
        for sock in full:
            sock.setblocking(False)
            sock.connect_ex(deaf.getsockname())
        try:
            made.fails("http://%s:%d/" % deaf.getsockname(), text, "connection timed out", quickly=False)
        finally:
            for sock in full:
                sock.close()


def dead_and_alive(made):
    """A host with two addresses: of the time there is some left for the second one."""
    dead, alive = LOST.format(100), LOST.format(1)
    netns.replace_file("/etc/hosts", f"{dead} crl.example\n{alive} crl.example\n", made.dir)
    netns.replace_file("/etc/gai.conf", f"precedence ::ffff:{dead}/128 100\n", made.dir)
    with made.server(alive, 80):
        reply = made.gets("http://crl.example/crl.der", seconds=4)
    check(reply.took > 1.5, f"it took {reply.took:.2f} s: the dead address was not the first")


def test_lost(t):
    """Neither does a name server that does not answer, or a network that loses all packets."""
    made = t.made
    cache = made.dir / "lost"
    cache.write_bytes(made.data["crl.der"])
    try:
        with netns.namespace():
            netns.lossy_network(LOST.format("1/24"))
            netns.replace_file("/etc/resolv.conf", f"nameserver {LOST.format(53)}\n", made.dir)
            text = f"no answer within {SECONDS} s"
            made.fails("http://crl.example/", text, quickly=False)
            made.fails("http://crl.example/", text, quickly=False, kind=OCSP)
            made.gets("http://crl.example/", f"from the cache: {text}", cache=cache)
            made.fails(f"http://{LOST.format(100)}/", "connection timed out")
            dead_and_alive(made)
    except PermissionError as error:
        raise Skipped(str(error)) from None


def test_stranger(t):
    """A server that is not of this machine cannot redirect to what listens on loopback or on its link, by whatever name;
    to others it can, and these can not either."""
    made = t.made
    far, text = LOST.format(1), "redirected to an address of this machine or its link, which is not followed"
    try:
        with netns.namespace(), contextlib.ExitStack() as stack:
            netns.lossy_network(LOST.format("1/24"))
            netns.replace_file("/etc/hosts", f"127.0.0.1 near.example\n{far} far.example\n", made.dir)
            netns.ip("address", "add", "169.254.9.9/16", "dev", "lossy")
            for host in (far, "127.0.0.1", "169.254.9.9"):
                stack.enter_context(made.server(host, 80))
            for name, host in (("name", "near.example"), ("ip", "127.0.0.1"), ("any", "0.0.0.0"), ("number", "2130706433"),
                               ("mapped", "[::ffff:127.0.0.1]"), ("link", "169.254.9.9"), ("six", "[::1]")):
                made.redirects[name] = f"http://{host}/crl.der"
                made.redirects["far"] = f"http://{far}/redirect/{name}"
                for first in (name, "far"):
                    made.seen.clear()
                    made.fails(f"http://far.example/redirect/{first}", text)
                    check("/crl.der" not in made.seen, f"{first}, {host}: it is asked all the same")
            made.redirects["far"] = f"http://{far}/crl.der"
            made.gets(f"http://{far}/redirect/far")
            made.gets("http://near.example/redirect/far")
            made.gets("http://169.254.9.9/redirect/ip")
            made.redirects["there"] = f"http://{far}/redirect/ip"
            made.fails("http://127.0.0.1/redirect/there", text)
    except PermissionError as error:
        raise Skipped(str(error)) from None


def test_large(t):
    """100 MB are refused, whether their number is told or not, and do not fill the memory."""
    made = t.made
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    made.fails(made.url("large/said"), "more than 64 MB")
    for path in ("unsaid", "chunk", "redirect"):
        made.fails(made.url(f"large/{path}"), "more than 64 MB", quickly=False, seconds=20)
    made.fails(made.url("large/missing"), "HTTP 404")
    made.raw["gzip"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(100 * MB))
    made.fails(made.url("raw/gzip"), "more than 64 MB", "unsolicited Transfer-Encoding (gzip) found", quickly=False,
               seconds=20)
    made.fails(made.url("large/unsaid"), "more than 64 kB", kind=OCSP)
    most = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    t.say(f"          at most {most:.0f} MB of memory")
    check(most < 200, f"it took {most:.0f} MB of memory")
    large = made.dir / "large"
    with open(large, "wb") as file:
        file.truncate(100 * MB)
    made.fails(large, "more than 64 MB")


def test_cache(t):
    """What was fetched is kept, and serves while it is in force and nothing better is to be had."""
    made = t.made
    cache = made.dir / "cache"
    made.data["now"] = made.ca.crl()
    made.gets(made.url("now"), cache=cache)
    equal("the cache", cache.read_bytes(), made.data["now"])
    equal("its mode", cache.stat().st_mode & 0o777, 0o644)
    equal("files beside it", [p.name for p in made.dir.glob("cache*")], ["cache"])
    made.gets(made.url("status/503"), "from the cache: HTTP 503", cache=cache)
    made.gets(made.url("silent"), f"from the cache: no answer within {SECONDS} s", cache=cache)
    made.gets(made.url("drip"), f"from the cache: no answer within {SECONDS} s", cache=cache)
    made.gets(made.url("other.der"), "from the cache: it is the CRL of /CN=other, not of /CN=ca", cache=cache)
    made.gets(f"http://{made.host}:{made.run.addresses.port(made.host, 9200)}/",
              "from the cache: connection refused", cache=cache)
    equal("the cache behind it", cache.read_bytes(), made.data["now"])
    time.sleep(1.1)  # thisUpdate counts in seconds
    made.data["later"] = made.ca.crl("PEM")
    made.gets(made.url("later"), cache=cache)
    equal("the cache is renewed", cache.read_bytes(), made.data["later"])
    made.gets(made.url("now"), "from the cache: the one that was fetched is older", cache=cache)
    equal("the cache is not made old", cache.read_bytes(), made.data["later"])


def test_cache_bad(t):
    """A cache that is no good is as none; one that cannot be written is told of."""
    made = t.made
    cache = made.dir / "bad-cache"
    for data in (b"", made.data["garbage"], made.data["other.der"], made.ca.crl(first=-60, last=-1)):
        cache.write_bytes(data)
        made.fails(made.url("status/404"), "HTTP 404", cache=cache)
        made.gets(made.url("crl.der"), cache=cache)
        equal("the cache is renewed", cache.read_bytes(), made.data["crl.der"])
    nowhere = made.dir / "no-folder" / "cache"
    made.fails(made.url("status/404"), "HTTP 404", cache=nowhere)
    made.gets(made.url("crl.der"), f"the cache cannot be written: {nowhere} (No such file or directory)", cache=nowhere)
    folder = made.dir / "folder"
    folder.mkdir()
    made.gets(made.url("crl.der"), f"the cache cannot be written: {folder} (Is a directory)", cache=folder)
    check(not (made.dir / "folder.new").exists(), "nothing is left behind")
    (made.dir / "file").write_bytes(made.data["crl.der"])
    made.gets(made.dir / "file", cache=made.dir / "unused")
    check(not (made.dir / "unused").exists(), "a file needs no cache")


def test_ocsp(t):
    """Good, revoked and unknown, by openssl's own responder."""
    made = t.made
    url = made.url("ocsp")
    for name, serial, status in (("good", made.serials["good"], GOOD), ("revoked", made.serials["revoked"], REVOKED),
                                 ("unknown", 0x7777, UNKNOWN)):
        reply = made.fetch(url, kind=OCSP, serial=serial)
        check(reply.ok, f"{name}: {reply.text}")
        equal(name, (reply.status, reply.text), (status, ""))
        check(abs(time.time() - reply.this_update) < 60, "thisUpdate must be a moment ago")
        equal("its time", reply.next_update - reply.this_update, 3600)
        # the response itself, for stapling
        made.data["replay"] = reply.data
        made.fails(made.url("replay"), "its nonce is not the request's: it is the answer to another one", kind=OCSP,
                   serial=serial)
    # a responder of another CA
    reply = made.fetch(url, kind=OCSP, issuer=made.other)
    check(not reply.ok and reply.text.startswith("its signer"), f"a responder of another CA: {reply.text}")


def test_ocsp_errors(t):
    """A responder that answers no question."""
    made = t.made
    made.data["later"] = b"\x30\x03\x0a\x01\x03"
    made.redirects["post"] = made.url("later")
    made.fails(made.url("later"), "the responder says tryLater", kind=OCSP)
    made.fails(made.url("status/404"), "HTTP 404", kind=OCSP)
    made.fails(made.url("redirect/post"), "HTTP 302", kind=OCSP)
    made.fails(made.url("garbage"), "not an OCSP response, or one that is cut off", kind=OCSP)
    made.fails(made.url("crl.der"), "not an OCSP response, or one that is cut off", kind=OCSP)
    made.fails(made.url("empty"), "not an OCSP response, or one that is cut off", kind=OCSP)
    made.fails(f"http://{made.host}:{made.run.addresses.port(made.host, 9300)}/", "connection refused", kind=OCSP)


def test_requests(t):
    """A request that is none ends it, without a reply."""
    made = t.made
    url, issuer = made.url("crl.der").encode(), made.ca.der

    def packed(magic=MAGIC, kind=CRL, seconds=1, url_len=len(url), issuer_len=len(issuer), cache_len=0, place_len=0):
        return REQUEST.pack(magic, kind, seconds, url_len, issuer_len, cache_len, place_len, bytes(20)) + url + issuer

    equal("a request that is one", run_it(packed(), 5)[0], 0)
    good = packed()
    rows = [b"", good[:10], good[:REQUEST.size], good[:-1], packed(magic=1), packed(kind=0), packed(kind=3),
            packed(seconds=0), packed(url_len=1024), packed(url_len=2**32 - 1), packed(issuer_len=65537),
            packed(issuer_len=10), packed(cache_len=1024), packed(cache_len=1), packed(place_len=1024), packed(place_len=1)]
    for number, data in enumerate(rows):
        equal(f"status and output for request {number}", run_it(data, 5)[:2], (1, b""))


def test_limits(t):
    """It limits itself, takes no proxy and no password from its environment, and may be killed."""
    made = t.made
    url, issuer = made.url("silent").encode(), made.ca.der
    request = REQUEST.pack(MAGIC, CRL, 30, len(url), len(issuer), 0, 0, bytes(20)) + url + issuer
    made.seen.clear()
    (made.dir / ".netrc").write_text("default login user password word\n")
    (made.dir / ".netrc").chmod(0o600)
    env = {name: "http://127.0.0.1:1/" for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")}
    process = subprocess.Popen([MODULES / "cube-fetch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=env | {"HOME": str(made.dir)})
    try:
        process.stdin.write(request)
        process.stdin.flush()
        wait_until(lambda: made.seen, 5, "the server is asked")
        check("Authorization" not in made.asked, "no password is sent")
        limits = {r: resource.prlimit(process.pid, getattr(resource, r))[0]
                  for r in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_CORE", "RLIMIT_NOFILE")}
        equal("limits", limits, {"RLIMIT_AS": 1 << 30, "RLIMIT_CPU": 60, "RLIMIT_CORE": 0, "RLIMIT_NOFILE": 32})
    finally:
        process.kill()
        out, _ = process.communicate(timeout=5)
    equal("what it had said", out, b"")
