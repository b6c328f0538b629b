"""A server that speaks the Messages API on a loopback socket, and fails as real ones do.

It runs in a thread of its own, reads HTTP/1.1 by hand, and can do what no framework lets it: reset
a connection, send half a body, fall silent.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from equipoise.sampling.clients.simulated import OTHER, shown_state
from equipoise.sampling.prompt import Message, Prompt
from equipoise.simulate import Kernel

KEY = "sk-test-0123456789abcdefghijklmnop"


@dataclass
class Request:
    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: dict | None


@dataclass
class Answer:
    """What is sent. `how`: "whole", "cut" (short of content-length), "reset" (in mid-body),
    "close" (without an answer), "garbage", "silent", "stall" (half the body, then nothing)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"
    delay: float = 0.0


def message(text, *, stop_reason="end_turn", model="fake-1", number=0, **more):
    content = [] if text is None else [{"type": "text", "text": text}]
    body = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 90, "output_tokens": 3},
        **more,
    }
    return json.dumps(body).encode()


def ok(text="Monday", **more):
    return Answer(body=message(text, **more))


def error(status, kind="error", said="no", headers=None, **details):
    body = {"type": "error", "error": {"type": kind, "message": said, **details}}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers or {})


class KernelReplies:
    """Answer with the next state of a kernel."""

    def __init__(self, kernel: Kernel, seed: int = 0) -> None:
        self.kernel = kernel
        self.rng = np.random.default_rng(seed)
        self.rows = np.column_stack([kernel.matrix, kernel.other])

    def text(self, params: dict) -> str:
        turns = tuple(Message(t["role"], t["content"]) for t in params["messages"])
        row = self.rows[self.kernel.index(shown_state(Prompt(turns), self.kernel.states))]
        k = int(self.rng.choice(row.size, p=row / row.sum()))
        return self.kernel.states[k] if k < self.kernel.n_states else OTHER

    def __call__(self, request: Request) -> Answer:
        return ok(self.text(request.body), number=request.number)


class Batches:
    """The batches of a server: made, under way for `looks` looks, ended, with results."""

    def __init__(self, text: Callable[[dict], str], looks: int = 1) -> None:
        self.text, self.looks = text, looks
        self.batches: dict[str, dict] = {}
        self.result: Callable[[int, str, dict], dict | bytes] = self.succeeded
        self.create: Callable[[Request], Answer | None] = lambda _: None
        self.send: Callable[[bytes, int], Answer] = lambda data, _: Answer(body=data)
        self.reads = 0
        self.lock = threading.Lock()

    def succeeded(self, place: int, custom_id: str, params: dict) -> dict:
        told = json.loads(message(self.text(params), number=place))
        return {"custom_id": custom_id, "result": {"type": "succeeded", "message": told}}

    def __call__(self, request: Request) -> Answer:
        with self.lock:
            return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        path = request.path.split("?")[0]
        if request.method == "POST":
            odd = self.create(request)
            if odd is not None and odd.status >= 400:
                return odd
            name = f"msgbatch_{len(self.batches)}"
            self.batches[name] = {
                "requests": request.body["requests"],
                "looks": self.looks,
                "at": datetime.now(UTC),
            }
            return odd or Answer(body=json.dumps(self._state(name, request)).encode())
        parts = path.strip("/").split("/")
        if parts[-1] == "batches":
            names = list(self.batches)[::-1]
            for batch in self.batches.values():
                batch["looks"] -= 1
            data = [self._state(name, request) for name in names]
            listed = {"data": data, "has_more": False, "first_id": None, "last_id": None}
            return Answer(body=json.dumps(listed).encode())
        name = parts[3] if len(parts) > 3 else ""
        if name not in self.batches:
            return error(404, "not_found_error")
        if parts[-1] != "results":
            batch = self.batches[name]
            batch["looks"] -= 1
            return Answer(body=json.dumps(self._state(name, request)).encode())
        self.reads += 1
        return self.send(self._results(name), self.reads)

    def _results(self, name: str) -> bytes:
        batch = self.batches[name]
        if "results" not in batch:
            lines = []
            for place, item in enumerate(batch["requests"]):
                line = self.result(place, item["custom_id"], item["params"])
                lines.append(line if isinstance(line, bytes) else json.dumps(line).encode())
            batch["results"] = b"\n".join(lines)
        return batch["results"]

    def _state(self, name: str, request: Request) -> dict:
        batch = self.batches[name]
        ended = batch["looks"] <= 0
        size = len(batch["requests"])
        host = request.headers["host"]
        place = f"http://{host}/v1/messages/batches/{name}/results"
        return {
            "id": name,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {
                **dict.fromkeys(("errored", "canceled", "expired"), 0),
                "processing": 0 if ended else size,
                "succeeded": size if ended else 0,
            },
            "created_at": batch["at"].isoformat(),
            "expires_at": (batch["at"] + timedelta(days=1)).isoformat(),
            "ended_at": None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": place if ended else None,
        }


class MessagesServer:
    """Use it as a context manager; `url` is its address, `requests` what it was asked."""

    def __init__(self, handler: Callable[[Request], Answer], *, keep: bool = True) -> None:
        self.handler = handler
        self.keep = keep
        self.requests: list[Request] = []
        self.count = 0
        self._ready = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exception):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _connection(self, reader, writer) -> None:
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            with contextlib.suppress(Exception):
                writer.close()

    async def _one(self, reader, writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {}
        for line in head[1:]:
            if line:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
        size = int(headers.get("content-length", 0))
        data = await reader.readexactly(size) if size else b""
        self.count += 1
        request = Request(self.count, method, path, headers, json.loads(data) if data else None)
        if self.keep:
            self.requests.append(request)
        return await self._send(writer, self.handler(request), request)

    async def _send(self, writer, answer: Answer, request: Request) -> bool:
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.how == "close":
            return False
        if answer.how == "silent":
            await asyncio.sleep(30)
            return False
        if answer.how == "garbage":
            writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")
            await writer.drain()
            return False
        headers = {
            "content-type": "application/json",
            "content-length": str(len(answer.body)),
            "request-id": f"req_{request.number}",
            **answer.headers,
        }
        head = f"HTTP/1.1 {answer.status} X\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        half = len(answer.body) // 2
        body = answer.body if answer.how == "whole" else answer.body[:half]
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()
        if answer.how == "stall":
            await asyncio.sleep(30)
        if answer.how == "reset":
            plug = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await asyncio.sleep(0.02)
            writer.transport.abort()
        return answer.how == "whole"
