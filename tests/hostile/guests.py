"""Clients of the three modes. A guest writes correct frames, or any bytes that it is given. It
converts answers to one form: a dict with the present members of kind, name, payload, to, from, id,
re, code, text and reason.
"""

import hashlib
import json
import struct
import uuid

import flat
import websocket

# Payload types in binary: of the request or event, and of the answer.
PAYLOADS = {
    "Lobby.Add": ("Numbers", "Sum"), "Lobby.Say": ("Line", None), "Lobby.Arrived": ("Person", None),
    "Talk.Add": ("Numbers", "Sum"), "Talk.Later": ("Numbers", "Sum"), "Talk.Touch": ("Empty", "Empty"), "Talk.Echo": ("Text", "Text"),
    "Talk.Say": ("Line", None), "Talk.Whisper": ("Line", None), "Talk.Report": ("Line", None), "Talk.Chat": ("Text", None),
    "Talk.Arrived": ("Line", None), "Talk.Poke": ("Nudge", None), "Talk.AreYouReady": ("Check", "Ready"), "Talk.Meet": ("Line", "Line"),
    "Probe.Count": ("Tree", "Size"), "Probe.Plant": ("Tree", None), "Probe.Bury": ("Tree", None), "Probe.Hold": ("Empty", "Empty"),
    "Probe.AskMe": ("Empty", "Outcome"), "Probe.Look": ("Empty", "Figures"),
}
WRAPPED = {"Talk.Echo", "Talk.Chat"}  # a bare text in JSON, {"text": ...} in these tests and in binary

CODES = ["ok", "cancelled", "deadline_exceeded", "disconnected", "overloaded", "unimplemented", "bad_frame", "bad_payload", "too_large",
         "unknown_target", "denied", "failed", "version_mismatch", "unauthenticated", "invalid"]
KINDS = {1: "event", 2: "call", 3: "reply", 4: "error", 5: "cancel", 16: "mark", 19: "ping", 20: "pong", 21: "hello", 22: "welcome",
         23: "goaway"}
NUMBERS = {name: number for number, name in KINDS.items()}
TARGETS = {None: 0, "server": 1, "sender": 2, "all": 3, "others": 4}
FEATURES = {"resume": 0, "streams": 1, "groups": 2, "server_calls": 3, "parts": 4, "gap": 5, "multi": 6, "idempotency": 7}

ID, PEER, EXTRA, RE, SEQ, MORE, OPT = 1, 2, 4, 8, 16, 32, 64


def method_id(name):
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


METHODS = {method_id(name): name for name in PAYLOADS}


def binary_frame(kind, flags=0, target=0, method=0, number=None, peer=b"", extra=b"", payload=b"", words=None):
    """A binary frame from its parts. Only the flags of the sections are set here."""
    body = b""
    if number is not None:
        flags |= ID
        body += struct.pack("<Q", number)
    if peer:
        flags |= PEER
        body += peer
    if extra:
        flags |= EXTRA
        body += extra + bytes(-len(extra) % 8)
    words = (8 + len(body)) // 8 if words is None else words
    return struct.pack("<BBBBI", kind, flags, target, words, method) + body + payload


class Guest:
    """An open session. `mode` is "json", "fbs" or "plain"."""

    def __init__(self, port, mode, features=("server_calls", "multi"), hello=None, receive_buffer=None, greet=True, limits=None,
                 at_once=()):
        """If `greet` is False, nothing is sent after the upgrade. `at_once` contains frames that
        are sent together with the request. Their answers are left to be read, except for a welcome."""
        self.mode = mode
        self.opcode = websocket.BINARY if mode == "fbs" else websocket.TEXT
        self.socket = websocket.Socket(port, receive_buffer)
        subprotocols = [f"parley.v1.{mode}"] if mode != "plain" else []
        if at_once:
            frames = [self.hello(features=features), *at_once] if mode != "plain" else at_once
            self.socket.send(websocket.head(subprotocols=subprotocols)[0] + b"".join(websocket.frame(self.opcode, f) for f in frames))
            self.socket.receive_head()
            self.id = None
            if mode != "plain":
                self.id = self.next()["payload"]["client_id"]
            return
        self.socket.upgrade(subprotocols=subprotocols)
        self.next_number = 1
        self.id = None
        if not greet:
            return
        if mode == "plain":
            self.id = self.ask("Lobby.Add", {"numbers": []}, whole=True)["to"]
        else:
            self.send(hello or self.hello(features=features, limits=limits))
            self.welcome = self.next()
            if self.welcome["kind"] != "welcome":
                raise AssertionError(f"not welcome: {self.welcome}")
            self.id = self.welcome["payload"].get("client_id")

    # --- Frames.

    def hello(self, revision=1, features=(), required=(), methods=None, **more):
        """The bytes of a hello. `methods` maps names to fingerprints of 16 hex digits."""
        if self.mode == "json":
            said = {"revision": revision, "features": list(features), "agent": "hostile"}
            if required:
                said["required"] = list(required)
            if methods:
                said["methods"] = methods
            return json.dumps({"event_name": "$hello", "payload": {**said, **{k: v for k, v in more.items() if v is not None}}}).encode()
        said = {"revision": revision, "features": sum(1 << FEATURES[f] for f in features), "agent": "hostile", **more}
        if required:
            said["required"] = sum(1 << FEATURES.get(f, 40) for f in required)
        if methods:
            said["methods"] = [(method_id(name), int(mark, 16)) for name, mark in methods.items()]
        return binary_frame(NUMBERS["hello"], payload=flat.write("Hello", said))

    def payload(self, name, payload, answer=False):
        """The payload of a known method, from a dict or from bytes."""
        if isinstance(payload, bytes):
            return payload
        if self.mode == "fbs":
            return flat.write(PAYLOADS[name][answer], payload) if payload else b""
        if name in WRAPPED:
            payload = (payload or {}).get("text", "")
        return json.dumps(payload, ensure_ascii=False).encode()

    def event(self, name, payload=None, to=None, **more):
        if self.mode == "fbs":
            return self._binary("event", name, None, payload, to, **more)
        return self._text(name, payload, {"to": to, **more}, body_message=name == "Talk.Chat")

    def call(self, name, payload=None, number=None, **more):
        if self.mode == "fbs":
            return self._binary("call", name, number, payload, None, **more)
        return self._text(name, payload, {"id": number, **more})

    def reply(self, name, number, payload=None):
        if self.mode == "fbs":
            return binary_frame(NUMBERS["reply"], RE | SEQ, method=method_id(name), number=number,
                                payload=self.payload(name, payload, True))
        return self._text(name, payload, {"re": number}, answer=True)

    def error(self, number, code, text=None):
        if self.mode == "fbs":
            extra = flat.write("Extra", {"code": CODES.index(code), "text": text})
            return binary_frame(NUMBERS["error"], RE | SEQ, number=number, extra=extra)
        return json.dumps({"event_name": "error", "re": number, "code": code, "message": text}).encode()

    def cancel(self, number):
        if self.mode == "fbs":
            return binary_frame(NUMBERS["cancel"], SEQ, number=number)
        return json.dumps({"event_name": "$cancel", "id": number}).encode()

    def ping(self, number):
        if self.mode == "fbs":
            return binary_frame(NUMBERS["ping"], number=number)
        return json.dumps({"event_name": "$ping", "id": number}).encode()

    def pong(self, number):
        return self.ping(number).replace(b"$ping", b"$pong") if self.mode == "json" else binary_frame(NUMBERS["pong"], number=number)

    def _text(self, name, payload, members, body_message=False, answer=False):
        said = {"event_name": name, **{key: value for key, value in members.items() if value is not None}}
        if body_message:
            said["message"] = (payload or {}).get("text", "")
            return json.dumps(said, ensure_ascii=False).encode()
        text = json.dumps(said, ensure_ascii=False).encode()
        if payload is None:
            return text
        return text[:-1] + b',"payload":' + self.payload(name, payload, answer) + b"}"

    def _binary(self, kind, name, number, payload, to, flags=SEQ, **extra):
        method = name if isinstance(name, int) else method_id(name)
        peer, target = b"", 0
        if isinstance(to, list):
            target, extra = 9, {**extra, "to": to}
        elif to is None or to in TARGETS:
            target = TARGETS[to]
        elif ":" in to and not to.startswith("id:"):
            word, _, rest = to.partition(":")
            target, extra = {"user": 6, "group": 7, "group_others": 8}[word], {**extra, "group": rest}
        else:
            target, peer = 5, uuid.UUID(to.removeprefix("id:")).bytes
        if "meta" in extra:
            extra["meta"] = [{"key": key, "value": value} for key, value in extra["meta"].items()]
        bound = flat.write("Extra", extra) if extra else b""
        body = b"" if payload is None else self.payload(name, payload)
        return binary_frame(NUMBERS[kind], flags, target, method, number, peer, bound, body)

    # --- Sending.

    def send(self, content, **framing):
        """Sends one message with the opcode of this mode."""
        if isinstance(content, str):
            content = content.encode()
        self.socket.send(websocket.frame(self.opcode, content, **framing))

    def send_all(self, contents):
        """Sends many messages at once. Returns False if the server closed before it had read all."""
        return self.socket.send_while_open(b"".join(websocket.frame(self.opcode, c) for c in contents))

    # --- Reading.

    def next(self):
        """Returns the next frame. Raises Closed if the server closes."""
        opcode, content = self.socket.receive_message()
        if opcode == websocket.PONG:
            return {"kind": "websocket pong"}
        if opcode != self.opcode:
            raise AssertionError(f"a message of opcode {opcode} in a session of {self.mode}")
        return self._read_binary(content) if self.mode == "fbs" else self._read_text(content.decode())

    def _read_text(self, text):
        def pairs(members):
            found = dict(members)
            if len(found) != len(members):
                raise AssertionError(f"a member twice: {text}")
            return found

        said = json.loads(text, object_pairs_hook=pairs)
        name = said["event_name"]
        frame = {"re": said.get("re"), "id": said.get("id"), "code": said.get("code"), "text": said.get("message"), "to": said.get("to"),
                 "from": said.get("from_id"), "reason": said.get("reason"), "meta": said.get("meta"), "payload": said.get("payload")}
        if name == "error":
            frame["kind"] = "error"
        elif name.startswith("$"):
            frame["kind"] = name[1:]
        else:
            answers = frame["re"] is not None or self.mode == "plain" and frame["from"] == "server" and frame["to"] == self.id
            frame.update(name=name, kind="reply" if answers else "call" if frame["id"] is not None else "event")
            if name in WRAPPED:
                frame["payload"] = {"text": frame["text"] if name == "Talk.Chat" else frame["payload"]}
        if self.mode == "plain" and list(said)[:5] != ["event_name", "payload", "to", "from_id", "message"]:
            raise AssertionError(f"not the five members of plain mode: {text}")
        return {key: value for key, value in frame.items() if value is not None}

    def _read_binary(self, content):
        kind, flags, target, words, method = struct.unpack_from("<BBBBI", content)
        at = 8
        frame = {"kind": KINDS.get(kind, kind)}
        if flags & ID:
            frame["re" if flags & RE else "id"] = struct.unpack_from("<Q", content, at)[0]
            at += 8
        if flags & PEER:
            frame["from"] = str(uuid.UUID(bytes=content[at:at + 16]))
            at += 16
        if flags & EXTRA:
            for key, value in flat.read("Extra", content[at:8 * words]).items():
                frame[key] = value
            if "code" in frame:
                frame["code"] = CODES[frame["code"]]
        frame.setdefault("to", {number: word for word, number in TARGETS.items()}.get(target, target))
        payload = content[8 * words:]
        if method:
            frame["name"] = METHODS.get(method, method)
        if frame["kind"] == "welcome":
            frame["payload"] = flat.read("Welcome", payload)
        elif frame.get("name") in PAYLOADS and frame["kind"] in ("event", "call", "reply"):
            frame["payload"] = flat.read(PAYLOADS[frame["name"]][frame["kind"] == "reply"], payload)
        return {key: value for key, value in frame.items() if value is not None}

    # --- Common steps.

    def number(self):
        self.next_number += 1
        return self.next_number - 1

    def ask(self, name, payload=None, whole=False):
        """Makes a call and returns the next frame as its answer."""
        number = self.number()
        self.send(self.call(name, payload, number))
        answer = self.next()
        if answer["kind"] != "reply" or answer.get("re") != number:
            raise AssertionError(f"not the answer to call {number} of {name}: {answer}")
        return answer if whole else answer.get("payload", {})

    def fence(self):
        """When this returns, everything that was sent before has been handled. Expects no frames
        other than those that were read already."""
        if self.mode == "plain":
            self.send(self.call("Lobby.Add", {"numbers": [1]}, "fence"))
            wanted = {"kind": "reply", "re": "fence"}
        else:
            self.send(self.ping(7_000_001))
            wanted = {"kind": "pong", "id": 7_000_001}
        answer = self.next()
        if any(answer.get(key) != value for key, value in wanted.items()):
            raise AssertionError(f"before the fence: {answer}")

    def closing(self):
        """Expects that the server closes next. Returns (code, reason)."""
        try:
            got = self.next()
        except websocket.Closed as closed:
            return closed.code, closed.reason
        raise AssertionError(f"not closed, but: {got}")

    def leave(self):
        """Closes the connection. The server must answer with the same code."""
        self.socket.send(websocket.frame(websocket.CLOSE, struct.pack("!H", 1000)))
        code, _ = self.closing()
        if code != 1000:
            raise AssertionError(f"the close was answered with {code}")
        self.socket.close()

    def vanish(self):
        self.socket.close()
