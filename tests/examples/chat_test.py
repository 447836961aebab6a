"""The chat, in terminals. Usage: chat_test.py <chat> <datadivr_server> <wschat_server>"""

import base64
import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import PATIENCE, Program, Server, sanitizer_environment  # noqa: E402
from terminal import Terminal  # noqa: E402

CHAT, DATADIVR_SERVER, WSCHAT_SERVER = sys.argv[1:4]
UP, LEFT, HOME, CTRL_A, CTRL_C, CTRL_D, CTRL_Z = "\x1b[A", "\x1b[D", "\x1b[H", "\x01", "\x03", "\x04", "\x1a"


class Chat(unittest.TestCase):
    def setUp(self):
        self.server = Server([DATADIVR_SERVER])
        self.addCleanup(self.server.kill)

    def guest(self, name, *more, columns=60, server=None, locale="C.UTF-8"):
        terminal = Terminal([CHAT, "-p", str((server or self.server).port), "-n", name, *more], columns=columns, rows=20, locale=locale)
        self.addCleanup(terminal.kill)
        terminal.until_text("* you are ")
        terminal.until(lambda screen: screen.cursor_line() == ">", "the prompt")
        return terminal

    def id_of(self, terminal):
        return terminal.screen.everything().split("you are ")[1].split()[0]

    def pair(self):
        anna = self.guest("anna")
        bob = self.guest("bob")
        anna.until_text("is called bob")
        bob.until_text("is called anna")
        return anna, bob

    def ends(self, terminal, status=0):
        terminal.expect_clean_end(terminal.wait(), status)
        self.assertTrue(terminal.is_restored(), "the terminal is not as it was")

    def test_a_line_that_comes_in_leaves_the_line_that_is_typed_as_it_is(self):
        anna, bob = self.pair()
        bob.type("half a l")
        bob.until(lambda screen: screen.cursor_line() == "> half a l")
        for i in range(3):
            anna.type(f"line {i}\r")
            bob.until_text(f"anna: line {i}\n> half a l")
        bob.type("ine\r")
        anna.until_text("bob: half a line\n>")
        self.assertEqual(bob.screen.everything().count("half a l"), 1, bob.said())
        bob.type("/quit\r")
        anna.type("quit\r")
        self.ends(bob)
        self.ends(anna)

    def test_the_cursor_stays_where_it_is_and_history_is_kept(self):
        anna, bob = self.pair()
        bob.type("seond" + LEFT * 3)
        bob.until(lambda screen: screen.cursor_line() == "> seond" and screen.column == 4)
        anna.type("hello\r")
        bob.until(lambda screen: "anna: hello" in screen.everything() and screen.cursor_line() == "> seond" and screen.column == 4)
        bob.type("c\r")
        anna.until_text("bob: second\n")
        bob.type(UP + CTRL_A + "the \r")
        anna.until_text("bob: the second\n")
        bob.type("x" + LEFT + CTRL_D)  # deletes the character under the cursor
        bob.until(lambda screen: screen.cursor_line() == ">")
        bob.type(CTRL_D)
        self.ends(bob)

    def test_long_lines_wide_letters_and_another_size(self):
        anna, bob = self.pair()
        text = "".join(f"{n}: 世界, Grüße, e\u0301 " for n in range(6)) + "end"  # longer than two lines
        bob.type(text)
        bob.until(lambda screen: screen.cursor_line().endswith("end"))
        anna.type("in between\r")
        bob.until_text("anna: in between\n> 0: 世界")
        bob.until(lambda screen: screen.cursor_line().endswith("end"))
        bob.resize(100, 30)
        bob.until(lambda screen: "\n> 0: 世界" in screen.everything() and screen.cursor_line().endswith("end"))
        anna.type("and after\r")
        bob.until_text("anna: and after\n> 0: 世界")
        bob.until(lambda screen: screen.cursor_line().endswith("end"))
        bob.type("!\r")
        anna.until(lambda screen: f"bob: {text}!" in screen.everything().replace("\n", ""), "the whole text")

    def test_letters_beyond_ascii_in_any_locale(self):
        anna = self.guest("anna")
        for locale in (None, "C", "xx_XX.none"):
            with self.subTest(locale=locale):
                bob = self.guest("bob", locale=locale)
                bob.type("Grüße, 世界")
                bob.until(lambda screen: screen.cursor_line() == "> Grüße, 世界")
                bob.type(f" {locale}\r")
                anna.until_text(f"bob: Grüße, 世界 {locale}\n")
                bob.type(CTRL_C)
                self.ends(bob)

    def test_a_key_without_an_end_holds_nobody_up(self):
        anna, bob = self.pair()
        bob.type("half\x1b")
        anna.type("hello\r")
        bob.until_text("anna: hello\n> half")

    def test_nobody_far_away_moves_the_cursor(self):
        anna, bob = self.pair()
        anna.type('{"event_name": "msg", "message": "\\u001b[2J\\u0007\\u009b2J\\r\\nanna: caught"}\r')
        bob.until_text("anna:  [2J  2J  anna: caught\n>")
        self.assertEqual(bob.screen.bells, 0)
        anna.type('{"event_name": "chat.name", "payload": {"name": "\\u001b[31mred"}}\r')
        bob.until_text("anna is called  [31mred\n>")

    def test_names_and_targets(self):
        anna, bob = self.pair()
        carl = self.guest("carl")
        for other in (anna, bob):
            other.until_text("is called carl")
        bob.type("/nick robert\r")
        for other in (anna, carl):
            other.until_text("bob is called robert")
        anna.type("/to robert\r")
        anna.until_text("* lines are for robert now")
        anna.type("for you\r/to carl for carl\r/to all\rfor all\r")
        bob.until_text("anna: for you\nanna: for all\n>")
        carl.until_text("anna: for carl\nanna: for all\n>")
        anna.until_text("anna: for all")
        anna.type(f"/to {self.id_of(carl)} by id\r")
        carl.until_text("anna: by id")
        anna.type("/to nobody ?\r")
        anna.until(lambda screen: screen.text()[-2].startswith("! "), "the server's refusal")
        anna.type("/what\r")
        anna.until_text("! the commands are /to, /nick and /quit")

    def test_a_name_of_several_is_nobodys_and_ids_always_work(self):
        anna, bob = self.pair()
        other = self.guest("other")
        anna.until_text("is called other")
        other.type("/nick bob\r")
        anna.until_text("other is called bob")
        refusal = "! several clients have this name: use the id\n"
        anna.type("/to bob for whom?\r")
        anna.until(lambda screen: screen.everything().count(refusal) == 1)
        anna.type("/to bob\r")
        anna.until(lambda screen: screen.everything().count(refusal) == 2)
        anna.type(f"still for the others\r/to {self.id_of(other)} for the other\r/to {self.id_of(bob)}\rfor bob\r")
        other.until_text("anna: still for the others\nanna: for the other\n>")
        bob.until_text("anna: still for the others\nanna: for bob\n>")
        other.type("/nick other\r")
        anna.until_text("bob is called other")
        anna.type("/to bob by name\r")
        bob.until_text("anna: by name\n>")

    def test_nobody_is_called_what_addresses_others(self):
        anna, bob = self.pair()
        carl = self.guest("carl")
        anna.until_text("is called carl")
        for name in ("others", "all", "server", f"id:{self.id_of(bob)}", self.id_of(bob)):
            carl.type(f"/nick {name}\r")
        carl.type("/nick karl\r")
        anna.until_text("carl is called karl\n")
        anna.type(f"for the others\r/to {self.id_of(bob)} for bob\r")
        bob.until_text("anna: for the others\nanna: for bob\n>")
        carl.until_text("anna: for the others\n>")

    def test_lines_of_json(self):
        anna, bob = self.pair()
        anna.type('{"event_name": "sum_event", "payload": {"numbers": [391, 29]}}\r')
        anna.until_text("* server sends sum_handler_result 420\n")
        anna.type('{"message": "hello"}\r')
        bob.until_text("anna: hello\n")
        anna.type('{"event_name": "MOVED", "payload": {"x": 1.5}, "message": "look", "to": "all"}\r')
        for one in (anna, bob):
            one.until_text('* anna sends MOVED {"x": 1.5} "look"\n')
        anna.type('  {"message": "behind a space"}\r')
        bob.until_text("anna: behind a space\n")
        anna.type("{no JSON\r")
        anna.until_text("Invalid JSON. Please try again.\n")
        anna.type("[1, 2]\r")
        anna.until_text("Error sending message: not an object\n")
        anna.type('{"message": "hello", "to": 7}\r')
        anna.until_text("Error sending message: event_name, to and message")
        anna.type('{"event_name": "sum_event", "payload": "words"}\r')
        anna.until(lambda screen: screen.text()[-2].startswith("! "), "the server's refusal")
        anna.type("still here\r")
        bob.until_text("anna: still here\n")

    def test_control_c_gives_the_terminal_back(self):
        bob = self.guest("bob")
        bob.type("unsent")
        bob.until(lambda screen: screen.cursor_line() == "> unsent")
        bob.type(CTRL_C)
        self.ends(bob)

    def test_control_c_while_it_connects_and_while_it_waits_for_its_id(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        for what, more in (("connects", []), ("connects", ["-m", "text"]), ("connects", ["--protocol", "wschat"]), ("asks", [])):
            with self.subTest(what=what, more=more):
                terminal = Terminal([CHAT, "-p", str(silent.getsockname()[1]), *more])
                self.addCleanup(terminal.kill)
                guest, _ = silent.accept()
                with guest:
                    upgrade = b""
                    while b"\r\n\r\n" not in upgrade:
                        upgrade += guest.recv(4096)
                    if what == "asks":
                        key = upgrade.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                        guest.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                      b"Sec-WebSocket-Accept: " + base64.b64encode(hashlib.sha1(key).digest()) + b"\r\n\r\n")
                        guest.recv(4096)
                    terminal.type(CTRL_C)
                    self.ends(terminal, 128 + signal.SIGINT)

    def test_control_z_stops_it_and_what_was_typed_is_there_when_it_goes_on(self):
        anna, bob = self.pair()
        bob.type("half")
        bob.until(lambda screen: screen.cursor_line() == "> half")
        bob.type(CTRL_Z)
        pid = int(pathlib.Path(f"/proc/{bob.process.pid}/task/{bob.process.pid}/children").read_text().split()[0])
        bob.until(lambda _: ") T " in pathlib.Path(f"/proc/{pid}/stat").read_text(), "the program stopped")
        self.assertTrue(bob.is_restored())
        anna.type("meanwhile\r")
        os.kill(pid, signal.SIGCONT)
        bob.until_text("anna: meanwhile\n> half")
        bob.type(" a line\r")
        anna.until_text("bob: half a line\n")

    def test_a_server_that_goes_ends_it(self):
        bob = self.guest("bob")
        self.server.expect_clean_end(self.server.stop())
        bob.until_text("! the connection is gone")
        self.ends(bob, 1)

    def test_one_message_and_gone(self):
        anna = self.guest("anna")
        said = subprocess.run([CHAT, "--port", str(self.server.port), "--name", "mouth", "--message", "just this"], env=sanitizer_environment(),
                              timeout=PATIENCE, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual((said.stdout, said.stderr), (b"", b""))
        anna.until_text("mouth: just this\n>")

    def test_without_a_terminal_lines_are_taken_as_they_are(self):
        anna = self.guest("anna")
        said = subprocess.run([CHAT, "-p", str(self.server.port), "-n", "pipe"], env=sanitizer_environment(), timeout=PATIENCE, check=True,
                              capture_output=True, input="from a pipe\n/to nobody x\n\nand no end of line".encode())
        anna.until_text("pipe: from a pipe\npipe: and no end of line\n>")
        self.assertNotIn(b"> ", said.stdout)
        with open("/dev/null", "rb") as nothing:
            subprocess.run([CHAT, "-p", str(self.server.port)], env=sanitizer_environment(), timeout=PATIENCE, check=True,
                           capture_output=True, stdin=nothing)
        self.assertEqual(self.server.stop(), 0)

    def test_a_server_that_is_not_there_and_options_that_are_none(self):
        self.server.stop()
        for options, status, words in ((["-p", str(self.server.port)], 1, b"chat: "), (["--host"], 2, b"usage: "), (["--what", "x"], 2, b"usage: ")):
            said = subprocess.run([CHAT, *options], env=sanitizer_environment(), timeout=PATIENCE, capture_output=True, check=False,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(said.returncode, status)
            self.assertTrue(said.stderr.startswith(words), said.stderr)

    def test_the_family_of_libwsclient(self):
        server = Server([WSCHAT_SERVER])
        self.addCleanup(server.kill)
        anna = self.guest("anna", "--protocol", "wschat", server=server)
        bob = self.guest("bob", "--protocol", "wschat", server=server)
        bob.type("half a l")
        bob.until(lambda screen: screen.cursor_line() == "> half a l")
        anna.type("hello\r")
        bob.until_text("anna: hello\n> half a l")
        bob.type("ine\r")
        anna.until_text("bob: half a line\n>")
        bob.type("/nick robert\r/to all\rto all\r")
        anna.until_text("robert: to all\n>")
        bob.until_text("robert: to all\n>")
        bob.type("/to anna hello?\r")
        bob.until_text("this protocol cannot address single clients")
        for one in (anna, bob):
            one.type(CTRL_C)
            self.ends(one)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], warnings="ignore")
