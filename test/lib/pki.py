# SPDX-License-Identifier: GPL-2.0-or-later
"""The certificates of the tests: test/pki/make_pki makes them once into build/pki."""

import os
import pathlib
import subprocess

from run import TREE, Failed

DIR = pathlib.Path(os.environ.get("CUBE_PKI", TREE / "build" / "pki"))


def make():
    """Makes them if they are not there; returns their folder."""
    result = subprocess.run([TREE / "test" / "pki" / "make_pki", DIR], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        raise Failed(result.stdout.strip())
    return DIR


def cert(name):
    return DIR / f"{name}.pem"


def key(name):
    return DIR / f"{name}.key"
