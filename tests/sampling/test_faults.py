"""Every fault of a server, met by the real client on a real socket."""

import json

import pytest
from messages_server import KEY, Answer, error, message, ok

from equipoise.sampling import pacing

DRAWS = 3


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(pacing, "_FIRST", 0.01)


def first(*answers):
    """Give these answers to the first requests, then a good one each."""
    return lambda request: answers[request.number - 1] if request.number <= len(answers) else ok()


def cut(body=None):
    return Answer(body=body or message("Monday"), how="cut")


PASSING = {
    "429 with retry-after-ms": (error(429, "rate_limit_error", headers={"retry-after-ms": "60"}),),
    "429 without": (error(429, "rate_limit_error"),),
    "529": (error(529, "overloaded_error"), error(529, "overloaded_error")),
    "500": (error(500, "api_error"),),
    "502 with HTML": (Answer(502, b"<html>bad gateway</html>", {"content-type": "text/html"}),),
    "503": (error(503),),
    "408": (error(408),),
    "409": (error(409),),
    "504": (error(504),),
    "500, 529": (error(500), error(529)),
    "cut body": (cut(),),
    "reset": (Answer(body=message("Monday") * 50, how="reset"),),
    "closed without an answer": (Answer(how="close"),),
    "garbage": (Answer(how="garbage"),),
    "400 that says to try again": (error(400, headers={"x-should-retry": "true"}),),
    "200 with half a JSON": (Answer(body=message("Monday")[:40]),),
    "200 with nothing": (Answer(body=b""),),
    "200 with text": (Answer(body=b"hello", headers={"content-type": "text/plain"}),),
    "200 of another shape": (Answer(body=b'{"hello": 1}'),),
    "200 with a list": (Answer(body=b"[1, 2]"),),
    "200 with content that is no list": (Answer(body=b'{"content": "Monday"}'),),
}
KINDS = {
    "429 with retry-after-ms": "rate limit",
    "429 without": "rate limit",
    "529": "overloaded",
    "500": "server error",
    "502 with HTML": "server error",
    "503": "server error",
    "408": "timeout",
    "409": "server error",
    "504": "timeout",
    "500, 529": "server error",
    "cut body": "connection",
    "reset": "connection",
    "closed without an answer": "connection",
    "garbage": "connection",
    "400 that says to try again": "refused request",
}


@pytest.mark.parametrize("case", PASSING)
def test_a_fault_that_passes_is_a_row_and_the_draw_is_made_once(case, serve, gather, rows):
    answers = PASSING[case]
    server = serve(first(*answers))
    done = gather(server, draws=DRAWS, concurrency=1)
    assert done.ending == "complete", done.text
    assert server.count == DRAWS + len(answers)
    assert rows("SELECT count(*), count(DISTINCT job_id) FROM response") == [(DRAWS, DRAWS)]
    attempts = rows("SELECT fault, http_status, body FROM attempt ORDER BY attempt_id")
    assert len(attempts) == server.count
    assert [fault is None for fault, _, _ in attempts] == [False] * len(answers) + [True] * DRAWS
    assert attempts[0][0] == KINDS.get(case, "malformed")
    if attempts[0][0] == "malformed":
        # What was paid for and could not be read is kept, whole.
        assert attempts[0][2] == answers[0].body.decode()


def test_the_server_is_obeyed_when_it_asks_to_wait(serve, gather, rows):
    server = serve(first(error(429, headers={"retry-after": "1"})))
    done = gather(server, draws=2, concurrency=2)
    assert done.ending == "complete"
    assert 1.0 <= done.seconds < 4.0


def test_limits_in_the_headers_of_a_good_answer_pace_the_run(serve, gather):
    from datetime import UTC, datetime, timedelta

    def handler(request):
        if request.number > 1:
            return ok()
        reset = datetime.now(UTC) + timedelta(seconds=0.7)
        return Answer(
            body=message("Monday"),
            headers={
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": reset.isoformat().replace("+00:00", "Z"),
            },
        )

    done = gather(serve(handler), draws=3, concurrency=1)
    assert done.ending == "complete"
    assert 0.6 <= done.seconds < 4.0


STOPPING = {
    "401": (error(401, "authentication_error", "invalid x-api-key"), "invalid x-api-key"),
    "402": (error(402, "billing_error", "credit"), "credit"),
    "403": (error(403, "permission_error"), "403"),
    "404": (error(404, "not_found_error", "model: fake"), "model: fake"),
    "spend limit as 429": (
        error(429, "rate_limit_error", "limit", details={"error_code": "spend_limit_reached"}),
        "limit",
    ),
    "a day of retry-after": (error(429, headers={"retry-after": "86400"}), "86,400 seconds"),
}


@pytest.mark.parametrize("case", STOPPING)
def test_a_fault_that_stays_stops_the_run_with_a_sentence(case, serve, gather, rows):
    answer, said = STOPPING[case]
    server = serve(lambda request: answer)
    done = gather(server, draws=50, concurrency=1)
    assert done.ending == "stopped"
    assert said in done.text
    assert server.count == 1
    assert rows("SELECT count(*) FROM job WHERE status='pending'") == [(50,)]
    assert len(rows("SELECT * FROM attempt WHERE fault IS NOT NULL")) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_requests_that_are_refused_one_after_the_other_stop_it(status, serve, gather, rows):
    server = serve(lambda request: error(status, "invalid_request_error", "temperature is gone"))
    done = gather(server, draws=50, concurrency=1)
    assert done.ending == "stopped"
    assert "temperature is gone" in done.text
    assert server.count == 3


def test_one_refused_request_leaves_its_draw_to_be_made_later(serve, gather, rows):
    server = serve(first(error(400, "invalid_request_error")))
    done = gather(server, draws=4, concurrency=1)
    assert done.ending == "unanswered"
    assert done.text.startswith("1 draws got no answer")
    again = gather(serve(first()), draws=4, concurrency=1)
    # Another address is another agent: it has a run of its own.
    assert not again.resumed
    done = gather(server, draws=4, concurrency=1)
    assert done.resumed
    assert done.ending == "complete"
    assert server.count == 5


@pytest.mark.parametrize("how", ["silent", "stall"])
def test_a_deadline_ends_waiting(how, serve, gather, rows):
    server = serve(first(Answer(body=message("Monday"), how=how)))
    done = gather(server, draws=2, concurrency=1, deadline=0.3)
    assert done.ending == "complete"
    assert rows("SELECT fault FROM attempt ORDER BY attempt_id LIMIT 1") == [("timeout",)]


def test_the_timeout_of_the_client_is_a_timeout_too(serve, gather, rows):
    server = serve(first(Answer(how="silent")))
    assert gather(server, draws=2, concurrency=1, timeout=0.3).ending == "complete"
    assert rows("SELECT fault FROM attempt ORDER BY attempt_id LIMIT 1") == [("timeout",)]


def test_no_server_at_all(gather, rows):
    class Nowhere:
        url = "http://127.0.0.1:9"

    done = gather(Nowhere, draws=9, concurrency=1, attempts=2)
    assert done.ending == "stopped"
    assert "connection failed" in done.text
    assert rows("SELECT count(*), count(DISTINCT fault) FROM attempt") == [(6, 1)]


OUTCOMES = {
    "refusal": (
        message(None, stop_reason="refusal", stop_details={"category": "x"}),
        ("refusal", None, "refused"),
    ),
    "max_tokens": (message("Mon", stop_reason="max_tokens"), ("truncated", None, "max_tokens")),
    "unknown stop reason": (message("Friday", stop_reason="brand_new"), ("state", "Friday", None)),
    "unknown block": (
        message(None, content=[{"type": "hologram", "data": 1}]),
        ("invalid", None, "empty"),
    ),
    "unknown block beside text": (
        message(None, content=[{"type": "hologram"}, {"type": "text", "text": "Friday"}]),
        ("state", "Friday", None),
    ),
    "several blocks": (
        message(None, content=[{"type": "text", "text": "Fri"}, {"type": "text", "text": "day"}]),
        ("state", "Friday", None),
    ),
    "no stop reason, no usage": (
        b'{"content": [{"type": "text", "text": "Friday"}]}',
        ("state", "Friday", None),
    ),
    "odd usage": (
        message("Friday", usage={"input_tokens": "many", "output_tokens": -1}),
        ("state", "Friday", None),
    ),
    "a sentence": (message("It is Friday, my friend"), ("invalid", None, "a sentence")),
    "lone surrogates": (
        b'{"content": [{"type": "text", "text": "\\ud800 Friday"}]}',
        ("invalid", None, "a sentence"),
    ),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_what_an_answer_is_becomes_an_outcome_and_is_never_asked_again(case, serve, gather, rows):
    body, outcome = OUTCOMES[case]
    server = serve(lambda request: Answer(body=body))
    done = gather(server, draws=2, concurrency=1)
    assert done.ending == "complete"
    assert server.count == 2
    assert rows("SELECT DISTINCT kind, to_state, reason FROM outcome") == [outcome]
    assert rows("SELECT DISTINCT body FROM response") == [(body.decode(),)]


def test_the_key_is_sent_and_nowhere_kept(serve, gather, tmp_path, rows):
    def echo(request):
        said = f"your key is {request.headers['authorization']}"
        return error(500, "api_error", said) if request.number == 1 else ok(said)

    server = serve(echo)
    done = gather(server, draws=2, concurrency=1)
    assert done.ending == "complete"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    for file in tmp_path.iterdir():
        assert KEY.encode() not in file.read_bytes(), file.name
    assert "[key]" in rows("SELECT raw_text FROM response LIMIT 1")[0][0]


def test_parameters_are_sent_as_given_and_written_down_set_or_not(serve, gather, rows):
    from equipoise.sampling.clients.parameters import Parameters

    server = serve(first())
    given = Parameters({"temperature": 0.5}, {"anthropic-version": "2023-06-01"})
    gather(server, draws=1, parameters=given)
    request = server.requests[0]
    assert request.body["temperature"] == 0.5
    assert request.headers["anthropic-version"] == "2023-06-01"
    stored = json.loads(rows("SELECT parameters FROM agent")[0][0])
    assert stored["temperature"] == 0.5
    assert stored["top_p"] is None
    assert stored["thinking"] is None
    assert stored["headers"]["anthropic-version"] == "2023-06-01"
    gather(server, draws=1)
    assert "temperature" not in server.requests[1].body
    assert len(rows("SELECT * FROM agent")) == 2
