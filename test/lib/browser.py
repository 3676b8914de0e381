# SPDX-License-Identifier: GPL-2.0-or-later
"""Headless Chromium: a page's document after it was loaded, and pictures of it. Every call is a browser of its own with
an empty profile, which asks nobody but the page's server."""

import shutil
import subprocess
import tempfile

from kamailio import PATH
from run import Failed

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars",
         "--force-color-profile=srgb", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.*")


def installed():
    return shutil.which("chromium", path=PATH)


def _chromium(*argv, timeout=40):
    with tempfile.TemporaryDirectory(prefix="cube-chromium-") as profile:
        result = subprocess.run([installed(), *FLAGS, f"--user-data-dir={profile}", *argv], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, check=False)
    if result.returncode != 0:
        raise Failed(f"chromium {' '.join(argv)}: {result.stderr.decode(errors='replace')[-2000:]}")
    return result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")


def load(url):
    """(the document as HTML, what the browser had to say on its console)"""
    document, log = _chromium("--dump-dom", url)
    return document, [line for line in log.splitlines() if ":CONSOLE" in line]


def picture(url, path, width, height, dark=False):
    _chromium(f"--screenshot={path}", f"--window-size={width},{height}", *(["--blink-settings=preferredColorScheme=0"] if dark else []),
              url)
