"""python_client.py <url> <mode>: the conversation of conversation.mjs, with Python's `websockets`.
Prints `ready` when the third guest may join, and `done` at the end.
"""

import asyncio
import json
import re
import sys
import traceback

import websockets

PATIENCE = 60


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} instead of {wanted!r}")


class Guest:
    def __init__(self, socket, mode):
        self.socket = socket
        self.mode = mode
        self.id = None

    async def next(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))

    async def send(self, frame):
        await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def arrive(self):
        if self.mode == "plain":
            expect("subprotocol", self.socket.subprotocol, None)
            self.id = (await self.add("who am I?"))["to"]
            return
        expect("subprotocol", self.socket.subprotocol, "parley.v1.json")
        await self.send({"event_name": "$hello", "payload": {"revision": 1, "features": ["multi"], "agent": "conversation"}})
        welcome = await self.next()
        expect("welcome", welcome["event_name"], "$welcome")
        said = welcome["payload"]
        expect("welcome", [said["revision"], said["features"], said["outcome"]], [1, ["multi"], "new"])
        self.id = said["client_id"]
        if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", self.id):
            raise AssertionError("client_id is no UUID v8")

    async def add(self, call_id):
        asked = {"event_name": "Lobby.Add", "payload": {"numbers": [391, 29]}}
        if call_id is not None:
            asked["id"] = call_id
        await self.send(asked)
        answer = await self.next()
        if self.mode == "plain":
            expect("keys of the answer", list(answer)[:5], ["event_name", "payload", "to", "from_id", "message"])
            expect("sender of the answer", [answer["from_id"], answer["message"]], ["server", None])
        expect("answer", [answer["event_name"], answer["payload"], answer.get("re")], ["Lobby.Add", {"value": 420}, call_id])
        expect("no code", "code" in answer, False)
        return answer

    async def say(self, text, to=None, **more):
        line = {"event_name": "Lobby.Say", "payload": {"text": text}, **more}
        if to is not None:
            line["to"] = to
        await self.send(line)

    async def hears(self, text, sender, to):
        line = await self.next()
        expect("line", [line[key] for key in ("event_name", "payload", "from_id", "to")], ["Lobby.Say", {"text": text}, sender, to])

    async def sees(self):
        arrived = await self.next()
        expect("arrival", [arrived["event_name"], arrived.get("from_id", "server"), arrived["to"]], ["Lobby.Arrived", "server", "others"])
        return arrived["payload"]["id"]

    async def is_refused(self, code):
        error = await self.next()
        expect("error", [error["event_name"], type(error["message"])], ["error", str])
        if self.mode == "plain":
            expect("error", [error["payload"], error["to"], error["from_id"]], [None, self.id, "server"])
        else:
            expect("code", error["code"], code)

    async def leave(self):
        await self.socket.close(1000)
        expect("close code", self.socket.close_code, 1000)


async def converse(url, mode, ready):
    subprotocols = {"subprotocols": ["parley.v1.json"]} if mode == "json" else {}
    a = Guest(await websockets.connect(url, **subprotocols), mode)
    await a.arrive()
    b = Guest(await websockets.connect(url, **subprotocols), mode)
    await b.arrive()
    expect("arrival", await a.sees(), b.id)

    await a.add(1)
    if mode == "plain":
        await a.add("one")
        await a.add(None)

    await a.say("to whom it may concern")
    await b.hears("to whom it may concern", a.id, "others")
    await a.say("to the others", "others")
    await b.hears("to the others", a.id, "others")
    await a.say("to all", "all")
    await a.hears("to all", a.id, "all")
    await b.hears("to all", a.id, "all")
    await b.say("to you", a.id)
    await a.hears("to you", b.id, a.id)
    await a.say("who?", "all", from_id=b.id)
    await a.hears("who?", a.id, "all")
    await b.hears("who?", a.id, "all")

    await a.send("hello, this is no JSON")
    await a.is_refused("bad_frame")
    await a.send({"event_name": "Lobby.Say", "payload": {"text": 7}})
    await a.is_refused("bad_payload")
    await a.send({"event_name": "Lobby.Nothing", "payload": {}})
    await a.is_refused("unimplemented")
    await a.send({"event_name": "Lobby.Arrived", "payload": {"id": "me"}})
    await a.is_refused("denied")
    await a.say("nobody", "00000000-0000-4000-8000-000000000000")
    await a.is_refused("unknown_target")
    await a.add(2 if mode == "json" else 1)

    ready()
    anna = await a.sees()
    expect("arrival", await b.sees(), anna)
    await a.hears("Grüße aus C++ ✓", anna, "all")
    await b.hears("Grüße aus C++ ✓", anna, "all")
    await a.say("welcome, 世界", anna)

    await a.leave()
    await b.leave()


if __name__ == "__main__":
    try:
        asyncio.run(converse(sys.argv[1], sys.argv[2], lambda: print("ready", flush=True)))
    except Exception:  # pylint: disable=broad-except
        print("failed: " + traceback.format_exc().replace("\n", " | "), flush=True)
        sys.exit(1)
    print("done", flush=True)
