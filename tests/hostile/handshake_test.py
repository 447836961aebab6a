"""Before the upgrade: requests that are malformed, strange, slow, too long or not HTTP, and the
choice of the subprotocol.
"""

import struct

import arena
import websocket
from websocket import Closed, Socket, head

FBS, JSON = "parley.v1.fbs", "parley.v1.json"


class HandshakeTest(arena.Arena):
    def request(self, data):
        """Sends the bytes. Returns status, headers and body of the answer. After a refusal the
        server closes."""
        socket = Socket(self.port)
        self.addCleanup(socket.close)
        socket.send(data)
        status, headers = socket.receive_head()
        if status == 101:
            return status, headers, ""
        body = socket.receive(int(headers["content-length"])).decode()
        socket.wait_for_end()
        return status, headers, body

    def test_the_subprotocol_is_the_servers_first_preference_among_those_offered(self):
        lines = [f"Sec-WebSocket-Protocol: {JSON}", f"Sec-WebSocket-Protocol: chat ,  {FBS}"]
        for name, asked, chosen in [
            ("binary", {"subprotocols": [FBS]}, FBS),
            ("json", {"subprotocols": [JSON]}, JSON),
            ("both", {"subprotocols": [JSON, FBS]}, FBS),
            ("one among strangers", {"subprotocols": ["chat", JSON, "PARLEY.V1.FBS"]}, JSON),
            ("several header lines with spaces", {"more": lines}, FBS),
            ("a credential beside it", {"subprotocols": ["parley.auth.c2VjcmV0", JSON]}, JSON),
            ("none", {}, None),
            ("an empty header", {"Sec_WebSocket_Protocol": ""}, None),
            ("only a credential", {"subprotocols": ["parley.auth.c2VjcmV0"]}, None),
        ]:
            with self.case(name):
                status, headers, _ = self.request(head(**asked)[0])
                self.assertEqual((status, headers.get("sec-websocket-protocol")), (101, chosen))
                self.assertNotIn("sec-websocket-extensions", headers)

    def test_a_subprotocol_that_cannot_be_agreed_is_400_and_the_answer_names_those_that_can(self):
        for name, offered in [
            ("a foreign one", ["chat"]), ("another spelling", ["Parley.V1.Json"]), ("a later version", ["parley.v2.json"]),
            ("one twice", [JSON, JSON]), ("one twice, beside another", [FBS, JSON, FBS]), ("no token", ["parley v1"]),
            ("a foreign one with a credential", ["chat", f"parley.auth.{arena.MARK}"]), ("too many", [f"p{i}" for i in range(1000)]),
        ]:
            with self.case(name):
                status, _, text = self.request(head(subprotocols=offered)[0])
                self.assertEqual(status, 400)
                self.assertIn(FBS, text)
                self.assertIn(JSON, text)
                self.assertNotIn(arena.MARK, text)

    def test_what_is_no_upgrade_of_ours_is_refused_with_a_status(self):
        good, _ = head()
        for name, data, wanted in [
            ("another path", head(path="/elsewhere")[0], 404),
            ("no path", head(path="*")[0], 400),
            ("a whole URL", head(path="http://127.0.0.1/ws")[0], 400),
            ("POST", good.replace(b"GET", b"POST", 1), 405),
            ("HTTP/1.0", good.replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
            ("HTTP/9.9", good.replace(b"HTTP/1.1", b"HTTP/9.9"), 400),
            ("no upgrade", head(without=["Upgrade"])[0], 426),
            ("another upgrade", head(Upgrade="h2c")[0], 426),
            ("no Connection: Upgrade", head(Connection="keep-alive")[0], 426),
            ("version 8", head(Sec_WebSocket_Version="8")[0], 426),
            ("no version", head(without=["Sec-WebSocket-Version"])[0], 426),
            ("no key", head(without=["Sec-WebSocket-Key"])[0], 400),
            ("a short key", head(Sec_WebSocket_Key="c2hvcnQ=")[0], 400),
            ("a key that is no base64", head(Sec_WebSocket_Key="?" * 24)[0], 400),
            ("two keys", head(more=["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="])[0], 400),
            ("no host", head(without=["Host"])[0], 400),
            ("two hosts", head(more=["Host: elsewhere"])[0], 400),
            ("a body", head(Content_Length="5")[0] + b"hello", 400),
            ("a body in chunks", head(Transfer_Encoding="chunked")[0], 400),
            ("a folded header", head(more=["X-Folded: one", " two"])[0], 400),
            ("a header without a colon", head(more=["nonsense"])[0], 400),
            ("a space before the colon", head(more=["X-Space : one"])[0], 400),
            ("a zero byte in a header", head(more=["X-Zero: a\0b"])[0], 400),
            ("an empty header name", head(more=[": one"])[0], 400),
        ]:
            with self.case(name):
                status, _, text = self.request(data)
                self.assertEqual(status, wanted, text)
                if wanted == 400:
                    self.assertIn(JSON, text)

    def test_a_head_of_64_kib_is_431(self):
        for name, data in [
            ("one long header", head(more=["X-Long: " + "a" * 65536])[0]),
            ("a long path", head(path="/" + "a" * 65536)[0]),
            ("many headers", head(more=[f"X-{i}: a" for i in range(6000)])[0]),
            ("a line that never ends", b"GET /ws" + b"?" * 65536),
        ]:
            with self.case(name):
                socket = Socket(self.port)
                self.addCleanup(socket.close)
                socket.send_while_open(data)
                self.assertEqual(socket.receive_head()[0], 431)

    def test_garbage_is_no_request(self):
        for name, data in [
            ("TLS", bytes.fromhex("16030100c8010000c40303") + bytes(range(256)) * 2 + b"\r\n\r\n"),
            ("zeros", bytes(1000) + b"\r\n\r\n"),
            ("0xff", b"\xff" * 1000 + b"\r\n\r\n"),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("empty lines", b"\r\n\r\n\r\n\r\n"),
            ("line feeds only", head()[0].replace(b"\r\n", b"\n") + b"\r\n\r\n"),
            ("a request smuggled in a header", head(more=["X: a\rGET /ws HTTP/1.1"])[0]),
        ]:
            with self.case(name):
                status, _, _ = self.request(data)
                self.assertIn(status, (400, 405, 426))

    def test_a_request_in_single_bytes_is_understood(self):
        with self.case("byte by byte"):
            data, _ = head(subprotocols=[JSON])
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            for i in range(len(data)):
                socket.send(data[i:i + 1])
            self.assertEqual(socket.receive_head()[0], 101)

    def test_a_client_may_leave_in_the_middle_of_its_request(self):
        data, _ = head(subprotocols=[JSON])
        for length in range(0, len(data), 7):
            with self.case("after", length, "bytes"):
                socket = Socket(self.port)
                socket.send(data[:length])
                socket.close()
        with self.case("with a reset"):
            socket = Socket(self.port)
            socket.send(data)
            socket.socket.setsockopt(websocket.socket.SOL_SOCKET, websocket.socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close()

    def test_frames_behind_the_request_wait_for_the_answer(self):
        with self.case("a call in the same segment"):
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            request, _ = head()
            socket.send(request + websocket.frame(websocket.TEXT, b'{"event_name":"Lobby.Add","payload":{"numbers":[1,2]},"id":1}'))
            self.assertEqual(socket.receive_head()[0], 101)
            opcode, text = socket.receive_message()
            self.assertEqual(opcode, websocket.TEXT)
            self.assertIn(b'"value":3', text)


class OriginTest(arena.Arena):
    options = ("--origin", "https://example.org")

    def test_pages_of_other_origins_are_refused(self):
        own = f"127.0.0.1:{self.port}"
        for name, host, origin, wanted in [
            ("no origin", own, None, 101), ("the same host", own, f"http://{own}", 101),
            ("one that is listed", own, "https://example.org", 101),
            ("another host", own, "https://example.com", 403), ("another port", own, "http://127.0.0.1:1", 403),
            ("a longer name", own, "https://example.org.evil.example", 403), ("null", own, "null", 403), ("nothing", own, "", 101),
        ]:
            with self.case(name):
                socket = Socket(self.port)
                self.addCleanup(socket.close)
                socket.send(head(host=host, **({} if origin is None else {"Origin": origin}))[0])
                self.assertEqual(socket.receive_head()[0], wanted)
        with self.case("two origins"):
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            socket.send(head(more=["Origin: https://example.org", "Origin: https://example.com"])[0])
            self.assertEqual(socket.receive_head()[0], 400)


class WithoutPlainTest(arena.Arena):
    options = ("--without", "plain")

    def test_no_subprotocol_is_400_where_plain_mode_is_off(self):
        for name, asked in [("none", {}), ("an empty header", {"Sec_WebSocket_Protocol": " "}),
                            ("a credential", {"subprotocols": ["parley.auth.x"]})]:
            with self.case(name):
                socket = Socket(self.port)
                self.addCleanup(socket.close)
                socket.send(head(**asked)[0])
                status, _, text = socket.receive_answer()
                self.assertEqual(status, 400)
                self.assertIn(FBS, text)
                self.assertIn(JSON, text)


class WithoutBinaryTest(arena.Arena):
    options = ("--without", "binary")
    innocent_modes = ("json", "plain")

    def test_a_subprotocol_that_is_off_is_not_chosen(self):
        with self.case("json is left"):
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            self.assertEqual(socket.upgrade(subprotocols=[FBS, JSON])["sec-websocket-protocol"], JSON)
        with self.case("nothing is left"):
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            socket.send(head(subprotocols=[FBS])[0])
            status, _, text = socket.receive_answer()
            self.assertEqual(status, 400)
            self.assertNotIn(FBS, text)
            self.assertIn(JSON, text)


class SlowTest(arena.Arena):
    """The time limit of the handshake is 300 ms."""

    options = ("--greeting-ms", "300")

    def test_slow_handshakes_end(self):
        data, _ = head()
        for name, sent in [("nothing", b""), ("half a request", data[:40]), ("all but the last byte", data[:-1])]:
            with self.case(name):
                socket = Socket(self.port)
                self.addCleanup(socket.close)
                socket.send(sent)
                self.assertEqual(socket.receive_head()[0], 408)

    def test_a_byte_now_and_then_does_not_prolong_it(self):
        with self.case("slow loris"):
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            socket.send(b"GET /ws HTTP/1.1\r\n")
            socket.socket.settimeout(0.02)  # the interval of the slow sender, not a wait for the server
            sent = 0
            while True:
                try:
                    got = socket.socket.recv(65536)
                    break
                except TimeoutError:
                    socket.send_while_open(b"X")
                    sent += 1
                    self.assertLess(sent, 3000, "it goes on for ever")
            self.assertTrue(got.startswith(b"HTTP/1.1 408"), got)

    def test_a_hundred_of_them_disturb_nobody(self):
        with self.case("a hundred"):
            sockets = [Socket(self.port) for _ in range(100)]
            for socket in sockets:
                self.addCleanup(socket.close)
                socket.send(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
            self.innocents_are_well()
            for socket in sockets:
                self.assertEqual(socket.receive_head()[0], 408)


class FullTest(arena.Arena):
    options = ("--max-connections", "12")

    def test_connections_beyond_the_limit_are_503_and_those_inside_live_on(self):
        with self.case("one too many"):
            guests = [self.guest("plain") for _ in range(10)]
            socket = Socket(self.port)
            self.addCleanup(socket.close)
            try:
                socket.send_while_open(head()[0])
                self.assertEqual(socket.receive_head()[0], 503)
            except Closed:
                self.fail("closed without an answer")
            for guest in guests:
                guest.fence()
                guest.leave()


if __name__ == "__main__":
    arena.main()
