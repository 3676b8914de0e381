# SPDX-License-Identifier: GPL-2.0-or-later
"""A web server for CRLs and OCSP responses, good ones and bad ones, that can be down and come back."""

import collections
import http.server
import threading

LARGE = [bytes(1 << 20)] * 100  # a page of 100 MB
ENDLESS = 60  # seconds


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        web = self.server.web
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        web.seen[self.path] += 1
        try:
            page = web.pages.get(self.path.strip("/"), 404) if web.down is None else web.down
            self._answer(page(web, body) if callable(page) else page)
        except OSError:
            pass  # who asked has gone

    do_POST = do_GET

    def _answer(self, page):
        if isinstance(page, int):
            self.send_error(page)
        elif isinstance(page, str):
            self.send_response(302)
            self.send_header("Location", page)
            self.end_headers()
        else:
            pieces = page if isinstance(page, list) else [page]
            self.send_response(200)
            self.send_header("Content-Length", str(sum(map(len, pieces))))
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)


def silent(web, _body):
    """A page that never comes."""
    web.over.wait(ENDLESS)
    return 503


def after(seconds, page):
    """A page that takes its time; page may be a function, too."""
    def late(web, body):
        web.over.wait(seconds)
        return page(web, body) if callable(page) else page
    return late


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class WebServer:
    """pages: path -> bytes or a list of them, a number (an error), a text (it is there), or a function(self, body of the
    request) that returns one of these. down: such a thing instead of all pages; None: it works. seen: how often each path
    was asked for, with its slash."""

    def __init__(self, run, stack, port=8080):
        self.pages, self.seen, self.down = {}, collections.Counter(), None
        self.over = threading.Event()
        self.host = run.addresses.host()
        self.port = run.addresses.port(self.host, port)
        self._server = Server((self.host, self.port), Handler)
        self._server.web = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        stack.callback(self.close)

    def url(self, path):
        return f"http://{self.host}:{self.port}/{path}"

    def close(self):
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
