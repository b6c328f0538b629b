"""Message Batches, met by the real client on a real socket."""

import json
import re
from datetime import datetime, timedelta

import pytest
from messages_server import Answer, Batches, error

from equipoise.errors import UsageError
from equipoise.sampling import pacing
from equipoise.sampling.budget import Price
from equipoise.sampling.options import Options
from equipoise.sampling.policies import Follow

SPEED = {"mode": "batches", "poll": 0.02, "settle": 0.05}
GOOD = "SELECT count(*), count(DISTINCT job_id) FROM response"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(pacing, "_FIRST", 0.01)


@pytest.fixture
def batches():
    return Batches(lambda params: "Friday")


def test_a_batch_is_written_down_sent_waited_for_and_taken_in(batches, serve, gather, rows):
    server = serve(batches)
    done = gather(server, draws=25, batch_size=10, price=Price(10, 20), **SPEED)
    assert done.ending == "complete", done.text
    assert [len(batch["requests"]) for batch in batches.batches.values()] == [10, 10, 5]
    assert rows(GOOD) == [(25, 25)]
    assert rows("SELECT status, count(*) FROM batch GROUP BY 1") == [("ended", 3)]
    ids = [item["custom_id"] for b in batches.batches.values() for item in b["requests"]]
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in ids)
    assert len(set(ids)) == 25
    # Half of 25 * (90 * 10 + 3 * 20) dollars a million.
    assert done.dollars == pytest.approx(25 * 960 / 2e6)
    posts = [request for request in server.requests if request.method == "POST"]
    assert len(posts) == 3


def test_each_request_of_a_batch_is_what_a_direct_one_would_be(batches, serve, gather):
    server = serve(batches)
    gather(server, draws=7, **SPEED)
    sent = next(iter(batches.batches.values()))["requests"]
    assert sorted(
        re.search("other than (.*?)\\.", item["params"]["messages"][-1]["content"])[1]
        for item in sent
    ) == sorted("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
    assert {item["params"]["max_tokens"] for item in sent} == {16}


LINES = {
    "errored": {"type": "errored", "error": {"error": {"type": "api_error", "message": "oh"}}},
    "expired": {"type": "expired"},
    "canceled": {"type": "canceled"},
    "brand_new": {"type": "brand_new", "data": 1},
    "no message": {"type": "succeeded", "message": {"hello": 1}},
    "no type": {"data": 1},
    "type that is no text": {"type": [1]},
}
KINDS = {
    "errored": "errored",
    "expired": "expired",
    "canceled": "cancelled",
    "no message": "malformed",
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_without_an_answer_is_a_row_and_is_asked_again(case, batches, serve, gather, rows):
    def result(place, custom_id, params):
        if place == 1 and len(batches.batches) == 1:
            return {"custom_id": custom_id, "result": LINES[case]}
        return batches.succeeded(place, custom_id, params)

    batches.result = result
    done = gather(serve(batches), draws=4, **SPEED)
    assert done.ending == "complete"
    assert [len(batch["requests"]) for batch in batches.batches.values()] == [4, 1]
    assert rows(GOOD) == [(4, 4)]
    found = rows("SELECT fault, batch_id FROM attempt WHERE fault IS NOT NULL")
    assert found == [(KINDS.get(case, "unknown result"), 1)]


ODD_LINES = {
    "blank": b"",
    "broken": b'{"custom_id": "x", "resul',
    "no JSON": b"<html>",
    "a stranger's": json.dumps({"custom_id": "other-1", "result": {"type": "expired"}}).encode(),
    "an odd number": json.dumps({"custom_id": "x-²", "result": {"type": "expired"}}).encode(),
    "no UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("case", ODD_LINES)
def test_an_odd_line_costs_no_good_one(case, batches, serve, gather, rows):
    def send(data, reads):
        lines = data.split(b"\n")
        return Answer(body=b"\n".join([lines[0], ODD_LINES[case], *lines[1:]]))

    batches.send = send
    done = gather(serve(batches), draws=5, **SPEED)
    assert done.ending == "complete"
    assert len(batches.batches) == 1
    assert rows(GOOD) == [(5, 5)]


def test_a_request_that_the_results_leave_out_is_asked_again(batches, serve, gather, rows):
    batches.send = lambda data, reads: Answer(
        body=b"\n".join(data.split(b"\n")[1:]) if len(batches.batches) == 1 else data
    )
    assert gather(serve(batches), draws=4, **SPEED).ending == "complete"
    assert rows(GOOD) == [(4, 4)]
    assert rows("SELECT fault FROM attempt WHERE fault IS NOT NULL") == [("no result",)]


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_stream_that_breaks_is_read_again(how, batches, serve, gather, rows):
    batches.send = lambda data, reads: Answer(body=data, how=how if reads == 1 else "whole")
    done = gather(serve(batches), draws=40, **SPEED)
    assert done.ending == "complete"
    assert batches.reads == 2
    assert rows(GOOD) == [(40, 40)]
    assert rows("SELECT count(*) FROM attempt") == [(40,)]


def test_line_separators_of_unicode_do_not_break_a_line(serve, gather, rows):
    said = "Fri\u2028day\u0085"
    batches = Batches(lambda params: said)
    batches.result = lambda place, custom_id, params: json.dumps(
        batches.succeeded(place, custom_id, params), ensure_ascii=False
    ).encode()
    assert gather(serve(batches), draws=2, **SPEED).ending == "complete"
    assert rows("SELECT DISTINCT raw_text FROM response") == [(said,)]


def test_a_batch_of_which_nothing_comes_back_stops_the_run(batches, serve, gather):
    batches.result = lambda place, custom_id, params: {
        "custom_id": custom_id,
        "result": {"type": "expired"},
    }
    done = gather(serve(batches), draws=5, **SPEED)
    assert done.ending == "stopped"
    assert "a whole batch brought no answer" in done.text
    assert len(batches.batches) == 1


def test_a_batch_is_never_sent_twice_by_the_client(batches, serve, gather, rows):
    """The server takes it and its answer is lost: it is looked for, found and used."""
    tries = []

    def create(request):
        tries.append(request)
        return Answer(how="close") if len(tries) == 1 else None

    batches.create = create
    server = serve(batches)
    done = gather(server, draws=6, **SPEED)
    assert done.ending == "complete"
    assert len(tries) == 1
    assert len(batches.batches) == 1
    assert rows(GOOD) == [(6, 6)]
    assert rows("SELECT count(*) FROM attempt WHERE fault='connection'") == [(1,)]


def test_a_batch_that_never_arrived_is_given_up_and_sent_anew(batches, serve, gather, rows):
    tries = []

    def create(request):
        tries.append(request)
        return error(500) if len(tries) == 1 else None

    batches.create = create
    done = gather(serve(batches), draws=6, **SPEED)
    assert done.ending == "complete"
    assert len(tries) == 2
    assert rows("SELECT status FROM batch ORDER BY batch_id") == [("withdrawn",), ("ended",)]
    assert rows(GOOD) == [(6, 6)]


def test_a_server_that_takes_no_batch_stops_the_run(batches, serve, gather, rows):
    batches.create = lambda request: error(500, said="out of order")
    done = gather(serve(batches), draws=6, attempts=2, **SPEED)
    assert done.ending == "stopped"
    assert "out of order" in done.text
    assert rows("SELECT status FROM batch ORDER BY 1") == [("intended",), ("withdrawn",)]
    batches.create = lambda request: None
    assert len(batches.batches) == 0


def test_a_batch_of_somebody_else_is_left_alone(batches, serve, gather, rows):
    batches.batches["msgbatch_foreign"] = {
        "requests": [{"custom_id": f"theirs-{k}", "params": {}} for k in range(6)],
        "looks": 0,
        "at": datetime.now().astimezone() + timedelta(seconds=1),
    }
    tries = []

    def create(request):
        tries.append(request)
        return Answer(how="close") if len(tries) == 1 else None

    batches.create = create
    assert gather(serve(batches), draws=6, **SPEED).ending == "complete"
    assert rows("SELECT server_id FROM batch") == [("msgbatch_1",)]
    assert rows(GOOD) == [(6, 6)]


@pytest.mark.parametrize("status", [401, 403, 400, 413])
def test_a_batch_that_is_refused_stops_the_run(status, batches, serve, gather, rows):
    batches.create = lambda request: error(status, said="no batches for you")
    done = gather(serve(batches), draws=6, **SPEED)
    assert done.ending == "stopped"
    assert "no batches for you" in done.text
    assert rows("SELECT status FROM batch") == [("withdrawn",)]
    assert rows("SELECT count(*) FROM job WHERE status='pending'") == [(6,)]


def test_a_batch_that_is_limited_is_sent_again(batches, serve, gather, rows):
    tries = []

    def create(request):
        tries.append(request)
        return error(429, headers={"retry-after-ms": "20"}) if len(tries) < 3 else None

    batches.create = create
    assert gather(serve(batches), draws=6, **SPEED).ending == "complete"
    assert len(batches.batches) == 1


def test_results_elsewhere_do_not_get_the_key(batches, serve, gather):
    elsewhere = serve(lambda request: Answer(body=b""))
    server = serve(
        lambda request: Answer(
            body=batches(request).body.replace(server.url.encode(), elsewhere.url.encode())
        )
    )
    done = gather(server, draws=3, **SPEED)
    assert done.ending == "stopped"
    assert "where the key is not sent" in done.text
    assert elsewhere.count == 0


def test_a_trajectory_cannot_be_sent_in_batches():
    with pytest.raises(UsageError, match="needs each answer before the next question"):
        Options(draws=5, mode="batches", policy=Follow())
