"""service_test.py <service_server>

A server that is started, restarted and ended as systemd does it: with an inherited socket, a socket for notifications, and signals.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "hostile")]

from programs import PATIENCE, sanitizer_environment  # noqa: E402
from websocket import CLOSE, TEXT, Closed, Socket, frame  # noqa: E402

CLIENTS = 50


class Manager:
    """Starts one generation of the server after another on the same listening socket."""

    def __init__(self, server):
        self.server = server
        self.folder = tempfile.TemporaryDirectory()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        path = os.path.join(self.folder.name, "notify")
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notifications.bind(path)
        self.notifications.settimeout(PATIENCE)
        self.environment = {**os.environ, **sanitizer_environment(), "NOTIFY_SOCKET": path, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "parley"}
        self.running = []

    def start(self, name="parley", **more):
        # The shell's process becomes the server, so its number is that of the server.
        command = ["sh", "-c", 'exec 3<&"$1"; LISTEN_PID=$$; export LISTEN_PID; shift; exec "$@"', "sh", str(self.listener.fileno()), self.server,
                   name]
        process = subprocess.Popen(command, env={**self.environment, **more}, pass_fds=[self.listener.fileno()], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def wait_for(self, state):
        while True:
            lines = self.notifications.recv(4096).decode().split("\n")
            if state in lines:
                return lines

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.notifications.close()
        self.listener.close()
        self.folder.cleanup()


class Caller(threading.Thread):
    """A client in plain mode that calls, and connects again when the server has closed."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.ends = threading.Event()
        self.refused = []
        self.answers = 0
        self.connections = 0

    def run(self):
        while not self.ends.is_set():
            try:
                connection = Socket(self.port)
                connection.upgrade()
            except (OSError, Closed, AssertionError) as failed:
                self.refused.append(repr(failed))
                return
            self.connections += 1
            self.talk(connection)

    def talk(self, connection):
        number = 0
        try:
            while not self.ends.is_set():
                number += 1
                connection.send(frame(TEXT, b'{"event_name":"Talk.Add","payload":{"numbers":[1,%d]},"id":%d}' % (number, number)))
                opcode, payload = connection.receive_frame()
                if opcode == CLOSE:
                    return
                if opcode == TEXT and b'"re":%d}' % number in payload:
                    self.answers += 1
        except (OSError, Closed):
            pass  # the call was on its way when the server closed
        finally:
            connection.close()


class Service(unittest.TestCase):
    server = None

    def setUp(self):
        self.manager = Manager(self.server)
        self.addCleanup(self.manager.close)

    def test_restarts_refuse_no_client(self):
        manager = self.manager
        old = manager.start()
        manager.wait_for("READY=1")
        callers = [Caller(manager.port) for _ in range(CLIENTS)]
        for caller in callers:
            caller.start()
        for _ in range(2):
            self.let_them_talk(callers)
            new = manager.start()
            manager.wait_for("READY=1")
            old.send_signal(signal.SIGTERM)
            self.assertEqual(old.wait(PATIENCE), 0, old.stderr)
            old = new
        self.let_them_talk(callers)
        # Also without a server for a while: the clients wait in the queue of the socket.
        old.send_signal(signal.SIGTERM)
        self.assertEqual(old.wait(PATIENCE), 0)
        last = manager.start()
        self.let_them_talk(callers)
        for caller in callers:
            caller.ends.set()
        for caller in callers:
            caller.join(PATIENCE)
        last.send_signal(signal.SIGTERM)
        self.assertEqual(last.wait(PATIENCE), 0)
        self.assertEqual([caller.refused for caller in callers if caller.refused], [])
        self.assertGreaterEqual(min(caller.connections for caller in callers), 4)

    def let_them_talk(self, callers):
        """Waits until every client has had another answer, or was refused."""
        before = [caller.answers for caller in callers]
        for caller, answers in zip(callers, before):
            while caller.is_alive() and caller.answers <= answers:
                caller.ends.wait(0.01)

    def test_the_manager_is_told_what_happens(self):
        manager = self.manager
        process = manager.start(WATCHDOG_USEC="200000")
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1")
        manager.wait_for("WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        lines = manager.wait_for("RELOADING=1")
        self.assertTrue(any(line.startswith("MONOTONIC_USEC=") for line in lines), lines)
        manager.wait_for("READY=1")
        process.send_signal(signal.SIGINT)
        manager.wait_for("STOPPING=1")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_the_watchdog_of_another_process_is_not_fed(self):
        manager = self.manager
        process = manager.start(WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        manager.wait_for("READY=1")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(manager.notifications.recv(4096), b"STOPPING=1")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_socket_that_was_not_passed_is_an_error_that_names_the_option(self):
        process = self.manager.start(name="other")
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertIn('inherited "other"', process.stderr.read())


if __name__ == "__main__":
    Service.server = sys.argv.pop(1)
    unittest.main()
