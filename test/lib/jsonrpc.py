# SPDX-License-Identifier: GPL-2.0-or-later
"""Kamailio's JSON-RPC over HTTP: call() returns the result, or raises Fault."""

import http.client
import itertools
import json

from binrpc import Fault


class JsonRpc:
    """object_pairs_hook: as json.loads has it."""

    def __init__(self, host, port, timeout=20, object_pairs_hook=None):
        self._hook = object_pairs_hook
        self._where, self._timeout, self._ids = (host, port), timeout, itertools.count(1)

    def call(self, command, *args):
        connection = http.client.HTTPConnection(*self._where, timeout=self._timeout)
        try:
            body = json.dumps({"jsonrpc": "2.0", "method": command, "params": list(args), "id": next(self._ids)})
            connection.request("POST", "/RPC", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read(), object_pairs_hook=self._hook)
        finally:
            connection.close()
        if "error" in answer:
            raise Fault(command, answer["error"]["code"], answer["error"]["message"])
        return answer["result"]
