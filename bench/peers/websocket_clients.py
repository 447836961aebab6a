"""script=FORM-PATTERN port=P [size=512 warm_up seconds]: Python's clients `websocket-rs` and
`websockets` with an echo server, like ours/raw_client.cpp, which documents the patterns.
FORM: rs-sync, rs-async, websockets-sync, websockets-async.
"""

import asyncio
import json
import statistics
import sys
import time

PER_PASS = 1000
WINDOW = 100


class Stopwatch:
    def __init__(self, given):
        self.measured_from = time.perf_counter() + float(given.get("warm_up", 0.25))
        self.until = self.measured_from + float(given.get("seconds", 0.5))
        self.started = 0.0
        self.passes = []

    def goes_on(self):
        now = time.perf_counter()
        if self.started >= self.measured_from:
            self.passes.append((now - self.started) * 1e6 / PER_PASS)
        self.started = now
        return now < self.until or not self.passes

    def report(self):
        print(json.dumps({"count": len(self.passes) * PER_PASS, "us": statistics.median(self.passes), "least_us": min(self.passes)}))


def ahead(pattern):
    return {"ask": 1, "window": WINDOW, "first": PER_PASS}[pattern]


def check(answer, message):
    if len(answer) != len(message):
        raise RuntimeError("another answer")


def blocking(socket, pattern, message, stopwatch):
    first = ahead(pattern)
    while stopwatch.goes_on():
        for _ in range(first):
            socket.send(message)
        for _ in range(PER_PASS - first):
            check(socket.recv(), message)
            socket.send(message)
        for _ in range(first):
            check(socket.recv(), message)


async def native(socket, pattern, message, stopwatch):
    """A client whose send() is not a coroutine."""
    first = ahead(pattern)
    while stopwatch.goes_on():
        for _ in range(first):
            socket.send(message)
        for _ in range(PER_PASS - first):
            check(await socket.recv(), message)
            socket.send(message)
        for _ in range(first):
            check(await socket.recv(), message)


async def awaited(socket, pattern, message, stopwatch):
    first = ahead(pattern)
    while stopwatch.goes_on():
        for _ in range(first):
            await socket.send(message)
        for _ in range(PER_PASS - first):
            check(await socket.recv(), message)
            await socket.send(message)
        for _ in range(first):
            check(await socket.recv(), message)


def main(given):
    form, pattern = given["script"].rsplit("-", 1)
    url = f"ws://127.0.0.1:{given['port']}/ws"
    message = b"x" * int(given.get("size", 512))
    if form == "rs-sync":
        from websocket_rs.sync.client import connect
        with connect(url) as socket:
            stopwatch = Stopwatch(given)
            blocking(socket, pattern, message, stopwatch)
    elif form == "rs-async":
        import websocket_rs

        async def run():
            async with await websocket_rs.connect(url) as socket:
                stopwatch = Stopwatch(given)
                await native(socket, pattern, message, stopwatch)
                return stopwatch
        stopwatch = asyncio.run(run())
    elif form == "websockets-sync":
        from websockets.sync.client import connect
        with connect(url, compression=None, max_size=1 << 24) as socket:
            stopwatch = Stopwatch(given)
            blocking(socket, pattern, message, stopwatch)
    elif form == "websockets-async":
        import websockets

        async def run():
            async with websockets.connect(url, compression=None, max_size=1 << 24, max_queue=None) as socket:
                stopwatch = Stopwatch(given)
                await awaited(socket, pattern, message, stopwatch)
                return stopwatch
        stopwatch = asyncio.run(run())
    else:
        raise SystemExit(f"no form is called {form}")
    stopwatch.report()


if __name__ == "__main__":
    main(dict(one.split("=", 1) for one in sys.argv[1:]))
