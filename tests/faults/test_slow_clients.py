"""A client that stops reading: what waits for it is bounded, and when it reads on, nothing was lost."""

from __future__ import annotations

import subprocess
import threading

from tests.stdio.raw_client import MODERN, RawClient, call, request, served

ALL = {
    "UNTHREAD_SANDBOX": "1",
    "UNTHREAD_STATE_FILE": "off",
    "UNTHREAD_ACCESS": "admin",
    "UNTHREAD_TOOLSETS": "all",
}
FEWEST = 100
"""So many answers, of 80 kB or so, wait at least before the server takes no more requests."""


def frames(client: RawClient, number: int) -> list[object]:
    return [client.frame()["id"] for _ in range(number)]


def test_what_waits_for_a_client_that_does_not_read_is_bounded_and_none_of_it_is_lost() -> None:
    with served("-m", "unthread_mcp", environment=ALL, stderr=subprocess.DEVNULL) as client:
        client.send(request("first", "tools/list", MODERN))
        client.frame()
        before = client.resident_megabytes()
        sent = client.send_until_stuck((request(number, "tools/list", MODERN) for number in range(10_000)), seconds=5.0)
        assert FEWEST < sent < 10_000
        assert client.resident_megabytes() - before < 64
        rest = threading.Thread(target=client.send_the_rest)
        rest.start()
        answered = frames(client, sent + 1)
        rest.join()
        assert sorted(answered, key=str) == sorted(range(sent + 1), key=str)
        client.send(call("last", "list_tags", {"limit": 1}))
        assert not client.frame()["result"].get("isError")
        client.close_input()
        assert client.lines.rest() == []
        assert client.wait() == 0
