"""A WebSocket client without any rules: it sends HTTP heads and frames byte by byte as the test gives them. Standard library only."""

import base64
import hashlib
import os
import socket
import struct

from programs import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Closed(Exception):
    """The server has closed, with this code and reason. `code` is None if there was no close frame."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code}: {reason}")
        self.code = code
        self.reason = reason


def head(path="/ws", host="127.0.0.1", subprotocols=(), more=(), without=(), **changed):
    """An upgrade request. `more` are additional lines, `without` the names of omitted headers, and
    `changed` header values, with `_` for `-`."""
    headers = {
        "Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    if subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
    headers.update({name.replace("_", "-"): value for name, value in changed.items()})
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if name not in without), *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), headers.get("Sec-WebSocket-Key", "")


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d", length=None, form=None):
    """One frame. `length` replaces the length of the payload, `form` is 7, 16 or 64 bits for it,
    and without a mask it is not masked."""
    length = len(payload) if length is None else length
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    masked = 0x80 if mask is not None else 0
    if form == 7:
        start = struct.pack("!BB", first, masked | length)
    elif form == 16:
        start = struct.pack("!BBH", first, masked | 126, length)
    else:
        start = struct.pack("!BBQ", first, masked | 127, length)
    if mask is None:
        return start + payload
    keys = (mask * (len(payload) // 4 + 1))[:len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")
    return start + mask + mixed.to_bytes(len(payload), "big")


class Socket:
    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = bytearray()

    def send(self, data):
        self.socket.sendall(data)

    def send_while_open(self, data):
        """Returns False if the server has closed. It then ignores what was sent."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def receive(self, count):
        while len(self.unread) < count:
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                raise Closed(None, "reset") from None
            if not got:
                raise Closed(None, "end of the stream")
            self.unread += got
        taken = bytes(self.unread[:count])
        del self.unread[:count]
        return taken

    def receive_head(self):
        """Returns status and headers of an HTTP answer, with names in lower case."""
        while b"\r\n\r\n" not in self.unread:
            got = self.socket.recv(65536)
            if not got:
                raise Closed(None, "end of the stream")
            self.unread += got
        text, _, rest = bytes(self.unread).partition(b"\r\n\r\n")
        self.unread = bytearray(rest)
        first, *lines = text.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return int(first.split(" ")[1]), headers

    def receive_answer(self):
        """Returns status, headers and body of an answer that is not an upgrade. The server closes
        after it."""
        status, headers = self.receive_head()
        body = self.receive(int(headers.get("content-length", "0"))).decode()
        return status, headers, body

    def upgrade(self, **asked):
        request, key = head(**asked)
        self.send(request)
        status, headers = self.receive_head()
        if status != 101:
            raise AssertionError(f"HTTP {status}")
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        if headers.get("sec-websocket-accept") != accept:
            raise AssertionError("Sec-WebSocket-Accept is wrong")
        return headers

    def receive_frame(self):
        first, second = self.receive(2)
        if first & 0x70 or second & 0x80 or not first & 0x80:
            raise AssertionError(f"the server sent a frame that is compressed, masked or in pieces: {first:#x} {second:#x}")
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self.receive(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.receive(8))[0]
        return first & 0x0F, self.receive(length)

    def receive_message(self):
        """Returns (opcode, payload) of the next frame that is not a ping. A close frame is
        answered. Then this waits for the end and raises Closed."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == PING:
                self.send_while_open(frame(PONG, payload))
                continue
            if opcode != CLOSE:
                return opcode, payload
            code = struct.unpack_from("!H", payload)[0] if payload else 1005
            if len(payload) > 125:
                raise AssertionError("a close frame of more than 125 bytes")
            reason = payload[2:].decode()  # fails if it is not UTF-8
            self.send_while_open(frame(CLOSE, payload[:2]))
            self.wait_for_end()
            raise Closed(code, reason)

    def wait_for_end(self):
        """Expects that the server closes TCP, and sends nothing after its close frame."""
        try:
            if self.unread or self.socket.recv(1):
                raise AssertionError("bytes behind the close frame")
        except ConnectionResetError:
            pass

    def close(self):
        self.socket.close()
