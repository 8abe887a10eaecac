"""Which ids are taken, and when it is enough."""

from __future__ import annotations

from mcp.types import JSONRPCRequest

from unthread_mcp.stdio.in_flight import MAX_REQUEST_BYTES, MAX_REQUESTS, InFlight


def request(request_id: int | str, method: str = "tools/call") -> JSONRPCRequest:
    return JSONRPCRequest(jsonrpc="2.0", id=request_id, method=method)


def test_an_id_is_taken_until_its_request_is_settled() -> None:
    in_flight = InFlight()
    in_flight.add(request(7), 100)
    assert (7 in in_flight, in_flight.idle) == (True, False)
    in_flight.settle(8)
    in_flight.settle(7)
    in_flight.settle(7)
    assert (7 in in_flight, in_flight.idle) == (False, True)


def test_a_number_and_its_digits_are_one_id() -> None:
    in_flight = InFlight()
    in_flight.add(request("7"), 100)
    assert 7 in in_flight
    in_flight.settle(7)
    assert "7" not in in_flight


def test_many_requests_or_many_bytes_are_enough() -> None:
    many, large = InFlight(), InFlight()
    for number in range(MAX_REQUESTS):
        assert not many.full
        many.add(request(number), 1)
    assert many.full
    many.settle(0)
    assert not many.full

    large.add(request(1), MAX_REQUEST_BYTES - 1)
    assert not large.full
    large.add(request(2), 1)
    assert large.full
    large.settle(2)
    assert not large.full


def test_nothing_waits_for_a_subscription_to_end() -> None:
    in_flight = InFlight()
    in_flight.add(request(1, "subscriptions/listen"), MAX_REQUEST_BYTES)
    assert (1 in in_flight, in_flight.idle, in_flight.full) == (True, True, False)
    in_flight.settle(1)
    assert 1 not in in_flight
