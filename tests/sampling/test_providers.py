"""Other providers through pydantic-ai (extra `providers`): a server that speaks another API."""

import asyncio
import json

import pytest
from messages_server import KEY, Answer

from equipoise.errors import MissingDependencyError
from equipoise.sampling.clients.parameters import Parameters
from equipoise.sampling.clients.providers import ProviderClient
from equipoise.sampling.clients.reply import Fault
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.prompt import Message, Prompt
from equipoise.sampling.store import Store, stored_counts
from equipoise.sampling.tasks import load_task

TURNS = Prompt((Message("user", "One?"), Message("assistant", "Two."), Message("user", "Three?")))


def completion(text, *, reason="stop", number=0):
    body = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "other-1-dated",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": reason,
            }
        ],
        "usage": {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42},
    }
    return Answer(body=json.dumps(body).encode())


def refusing(status, headers=None):
    body = {"error": {"message": "no", "type": "some_error", "code": None}}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers or {})


def with_client(server, use, **options):
    """Run ``use(client)`` with a client of the server."""
    pytest.importorskip("pydantic_ai")
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async def main():
        told = {"base_url": server.url, "api_key": KEY, "timeout": 2.0}
        async with AsyncOpenAI(max_retries=0, **told) as official:
            model = OpenAIChatModel("other-1", provider=OpenAIProvider(openai_client=official))
            return await use(ProviderClient(model, "other-1", **options))

    return asyncio.run(main())


def test_what_is_sent_and_what_comes_back(serve):
    server = serve(lambda request: completion("Friday", number=request.number))

    async def use(client):
        system = Prompt(TURNS.messages, "Be short.")
        return client.parameters, await client.ask(system, 16)

    told = Parameters({"temperature": 0.5}, {"x-purpose": "test"})
    parameters, reply = with_client(server, use, parameters=told)
    assert (reply.text, reply.stop_reason, reply.model) == ("Friday", "end_turn", "other-1-dated")
    assert (reply.input_tokens, reply.output_tokens) == (40, 2)
    assert reply.request_id == "chatcmpl-1"
    assert "Friday" in reply.body
    sent = server.requests[0]
    assert [turn["role"] for turn in sent.body["messages"]] == [
        *("system", "user", "assistant", "user")
    ]
    assert [turn["content"] for turn in sent.body["messages"]] == [
        *("Be short.", "One?", "Two.", "Three?")
    ]
    assert sent.body["temperature"] == 0.5
    assert 16 in (sent.body.get("max_tokens"), sent.body.get("max_completion_tokens"))
    assert sent.headers["x-purpose"] == "test"
    assert parameters["temperature"] == 0.5
    assert KEY not in json.dumps(dict(parameters)) + reply.body


@pytest.mark.parametrize(
    ("answer", "kind", "again", "stop"),
    [
        (refusing(429, {"retry-after": "7"}), "rate limit", True, False),
        (refusing(500), "server error", True, False),
        (refusing(401), "not allowed", False, True),
        (Answer(body=b'{"choices": [{"mess'), "malformed", True, False),
        (Answer(body=b"[1]"), "malformed", True, False),
        (Answer(body=b'{"hello": 1}'), "malformed", True, False),
        (Answer(how="close"), "connection", True, False),
        (Answer(how="silent"), "timeout", True, False),
    ],
)
def test_each_failure_is_a_fault(answer, kind, again, stop, serve):
    server = serve(lambda request: answer)

    async def use(client):
        with pytest.raises(Fault) as caught:
            await client.ask(TURNS, 16)
        return caught.value

    fault = with_client(server, use)
    assert (fault.kind, fault.again, fault.stop) == (kind, again, stop)
    assert KEY not in str(fault.message)
    if answer.status == 429:
        assert fault.wait == 7.0
    assert server.count == 1  # the collector retries, nothing below it


def test_why_a_reply_ended_is_told_in_the_words_of_the_messages_api(serve):
    reasons = iter(["length", "content_filter"])
    server = serve(lambda request: completion("Fri", reason=next(reasons)))

    async def use(client):
        return [(await client.ask(TURNS, 1)).stop_reason for _ in range(2)]

    assert with_client(server, use) == ["max_tokens", "refusal"]


def test_a_run_with_faults_on_the_way(serve, tmp_path):
    def handler(request):
        if request.number % 5 == 0:
            return refusing(500)
        return completion("Sunday", number=request.number)

    server = serve(handler)

    async def use(client):
        with Store(tmp_path / "run.db") as store:
            return await collect(
                store, load_task("weekday"), client, Options(draws=20, concurrency=2)
            )

    done = with_client(server, use)
    assert done.ending == "complete"
    assert done.totals.faults == server.count - 20
    counts = stored_counts(tmp_path / "run.db")
    assert counts.n_trials == 20
    assert counts.metadata["models_returned"] == ("other-1-dated",)
    assert counts.metadata["attempts_without_answer"]


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pydantic_ai", None)
    client = ProviderClient(object(), "other-1")
    with pytest.raises(MissingDependencyError, match=r"install 'pydantic-ai-slim\[openai\]'"):
        asyncio.run(client.ask(TURNS, 16))
