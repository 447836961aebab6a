"""guests.py <url>: all three clients of websocket-rs in a lobby, in plain mode and, where they can offer a subprotocol, in parley.v1.json.
Prints `done` at the end. Run by the Python that has websocket-rs."""

import asyncio
import json
import sys
import traceback
import warnings

import websocket_rs
from websocket_rs.sync.client import connect as connect_sync

PATIENCE = 60
SUBPROTOCOL = "parley.v1.json"


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} instead of {wanted!r}")


def call(number=1):
    return json.dumps({"event_name": "Lobby.Add", "payload": {"numbers": [391, 29]}, "id": number})


def line(text, to="all"):
    return json.dumps({"event_name": "Lobby.Say", "payload": {"text": text}, "to": to})


def read(message):
    return json.loads(message if isinstance(message, str) else bytes(message))


def check_sum(message, number=1):
    answer = read(message)
    expect("sum", [answer["event_name"], answer["payload"], answer["re"]], ["Lobby.Add", {"value": 420}, number])


def check_line(message, text):
    heard = read(message)
    expect("line", [heard["event_name"], heard["payload"]], ["Lobby.Say", {"text": text}])


def blocking(url):
    """The sync client: it offers no subprotocol, so it speaks plain."""
    with connect_sync(url, connect_timeout=PATIENCE, receive_timeout=PATIENCE) as socket:
        expect("open", socket.open, True)
        socket.send(call())
        check_sum(socket.recv())
        socket.ping(b"are you there?")
        for number in range(100):
            socket.send(call(number))
        for number in range(100):
            check_sum(socket.recv(), number)
        socket.send("no JSON")
        expect("error", read(socket.recv())["event_name"], "error")
        socket.send(call("after the error"))
        check_sum(socket.recv(), "after the error")
        large = "x" * 60_000
        socket.send(line(large))
        check_line(socket.recv(), large)
        socket.send(b"\x00\x01")  # plain peers send text
        expect("error", read(socket.recv())["event_name"], "error")
    expect("closed", socket.closed, True)


async def native(url, mode):
    subprotocols = {"subprotocols": ["something.else", SUBPROTOCOL]} if mode == "json" else {}
    async with await websocket_rs.connect(url, connect_timeout=PATIENCE, receive_timeout=PATIENCE, headers=[("X-Name", "value")],
                                          **subprotocols) as socket:
        expect("subprotocol", socket.subprotocol, SUBPROTOCOL if mode == "json" else None)
        if mode == "json":
            socket.send(json.dumps({"event_name": "$hello", "payload": {"revision": 1, "agent": "guests"}}))
            expect("welcome", read(await socket.recv())["event_name"], "$welcome")
        for number in range(1, 101):
            socket.send(call(number))
        for number in range(1, 101):
            check_sum(await socket.recv(), number)
        socket.ping(b"are you there?")
        socket.send(line("Grüße, 世界"))
        check_line(await socket.recv(), "Grüße, 世界")
        # A client that leaves as this library does, with an empty close frame and nothing after it,
        # does not affect the others.
        other = await websocket_rs.connect(url)
        expect("arrival", read(await socket.recv())["event_name"], "Lobby.Arrived")
        other.close()
        socket.send(call(1000))
        check_sum(await socket.recv(), 1000)


async def with_callback(url):
    heard = asyncio.Queue()
    socket = await websocket_rs.connect(url, compression=True, on_message=lambda message: heard.put_nowait(bytes(message)))
    socket.send(call())
    check_sum(await asyncio.wait_for(heard.get(), PATIENCE))
    socket.close()


async def legacy(url):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        async with await websocket_rs.async_client.connect(url, headers={"X-Name": "value"}, receive_timeout=PATIENCE) as socket:
            await socket.send(call())
            check_sum(await socket.recv())
            await socket.send("no JSON")
            expect("error", read(await socket.recv())["event_name"], "error")
            await socket.ping(b"are you there?")
            await socket.send(call(2))
            check_sum(await socket.recv(), 2)


async def many(url):
    async def one(number):
        socket = await websocket_rs.connect(url, receive_timeout=PATIENCE)
        socket.send(call(number))
        while (answer := read(await socket.recv()))["event_name"] == "Lobby.Arrived":
            pass
        check_sum(json.dumps(answer), number)
        socket.close()

    await asyncio.gather(*(one(number) for number in range(1, 51)))


if __name__ == "__main__":
    try:
        blocking(sys.argv[1])
        asyncio.run(native(sys.argv[1], "plain"))
        asyncio.run(native(sys.argv[1], "json"))
        asyncio.run(with_callback(sys.argv[1]))
        asyncio.run(legacy(sys.argv[1]))
        asyncio.run(many(sys.argv[1]))
    except Exception:  # pylint: disable=broad-except
        print("failed: " + traceback.format_exc().replace("\n", " | "), flush=True)
        sys.exit(1)
    print("done", flush=True)
