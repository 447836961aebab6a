"""The wire format of the chat family, byte by byte: a client like its programs, and a server like
its C server.
"""

import base64
import hashlib
import json
import os
import queue
import select
import socket
import struct
import threading

PATIENCE = 60

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

# Every client of the family sends this key, no port in Host, and no Origin.
HANDSHAKE = ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()

NO_BROADCAST, SEND_BACK, CHANGE_USERNAME = 1, 2, 4


def message(name, text, info=0, text_len=None):
    """A message as the C programs write it."""
    length = len(text.encode()) if text_len is None else text_len
    return f'{{"user": {{"name": "{name}"}},"message": {{"text": "{text}","text_len": {length},"info": {info}}}}}'


def frame(content, opcode=TEXT, final=True, masked=True, claimed=None):
    """A frame. `claimed` is the length in its head, in eight bytes."""
    content = content.encode() if isinstance(content, str) else content
    size = len(content)
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if final else 0) | opcode])
    if claimed is not None:
        head += bytes([bit | 127]) + struct.pack(">Q", claimed)
    elif size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + content
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(content))


class Lost(Exception):
    """The other end has closed the connection."""


class Stream:
    """A socket, and the frames that arrive on it, however they are divided."""

    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        try:
            came = self.socket.recv(4096)
        except ConnectionResetError:
            came = b""
        if not came:
            raise Lost
        self.received += came

    def head(self):
        """Reads to the end of the empty line of a handshake."""
        while b"\r\n\r\n" not in self.received:
            self.more()
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        return (head + b"\r\n\r\n").decode()

    def exactly(self, size):
        while len(self.received) < size:
            self.more()
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    def any_frame(self):
        """Returns (opcode, content, masked)."""
        first, second = self.exactly(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack(">H", self.exactly(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.exactly(8))
        mask = self.exactly(4) if second & 0x80 else None
        content = self.exactly(size)
        if mask:
            content = bytes(byte ^ mask[i % 4] for i, byte in enumerate(content))
        return first & 0x0F, content, mask is not None

    def is_silent(self):
        """Whether all received frames have been examined."""
        return not self.received and not select.select([self.socket], [], [], 0)[0]

    def close(self):
        self.socket.close()


class Client(Stream):
    """A client of the family."""

    def __init__(self, port, name=None):
        super().__init__(socket.create_connection(("127.0.0.1", port), PATIENCE))
        self.send(HANDSHAKE)
        self.answer = self.head()
        if name is not None:
            self.say("null", CHANGE_USERNAME | NO_BROADCAST, name)

    def say(self, text, info=0, name="me"):
        self.send(frame(message(name, text, info)))

    def text(self):
        """Returns the next message. Expects that the server sends only requested frames and masks
        none."""
        opcode, content, masked = self.any_frame()
        if opcode != TEXT or masked:
            raise AssertionError(f"opcode {opcode}, {'masked' if masked else 'bare'}: {content!r}")
        return content.decode()

    def settle(self, word="settled"):
        """When this returns, the server has acted on all that was sent. Expects no unread frames."""
        self.say(word, SEND_BACK)
        said = json.loads(self.text())["message"]["text"]
        if said != word:
            raise AssertionError(f"{said!r} instead of {word!r}")

    def after_a_ping(self):
        """Sends a ping, and returns the frames that arrived before its answer."""
        self.send(frame(b"", PING))
        texts = []
        while (came := self.any_frame())[0] != PONG:
            texts.append(came[1].decode())
        return texts

    def end(self):
        """Reads to the end of the stream, and returns the frames before it."""
        frames = []
        try:
            while True:
                frames.append(self.any_frame())
        except Lost:
            return frames


class OriginalServer(threading.Thread):
    """Behaves like the original C server: it masks its frames, does not answer pings, ignores close
    frames, and sends nothing of its own.

    `glued` is sent together with the answer to the handshake, which the original never does."""

    def __init__(self, glued=b""):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.clients = []  # [stream, name]
        self.glued = glued
        self.heard = queue.Queue()  # messages in the order of their arrival
        self.control = []  # opcodes of control frames
        self.guard = threading.Lock()
        self.start()

    def run(self):
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Stream(connected),), daemon=True).start()

    def serve(self, stream):
        try:
            request = stream.head()
            key = next(line.split(":", 1)[1].strip() for line in request.splitlines() if line.lower().startswith("sec-websocket-key:"))
            accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
            client = [stream, "Anonym"]
            with self.guard:
                self.clients.append(client)
                stream.send(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode() + self.glued)
            while True:
                opcode, content, _ = stream.any_frame()
                if opcode >= CLOSE:
                    self.control.append(opcode)
                    continue
                self.heard.put(content.decode())
                self.act(client, json.loads(content))
        except (Lost, OSError):
            self.heard.put(None)
            with self.guard:
                self.clients = [one for one in self.clients if one[0] is not stream]
            stream.close()

    def act(self, client, said):
        body = said["message"]
        info = body["info"]
        with self.guard:
            if info & CHANGE_USERNAME:
                client[1] = said["user"]["name"]
            if info & NO_BROADCAST:
                return
            out = frame(message(client[1], body["text"], 0, body["text_len"]))
            for other in self.clients:
                if other is not client or info & SEND_BACK:
                    other[0].send(out)

    def stop(self):
        self.listener.close()
        with self.guard:
            for stream, _ in self.clients:
                stream.socket.shutdown(socket.SHUT_RDWR)  # close() alone would wait for the reading thread
