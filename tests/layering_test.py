"""The dependencies between the rooms, as data. Run by ctest, or by hand: python3
tests/layering_test.py [public-headers.txt]

The CMake targets have the same dependencies, but they would not detect the include of a header
without a source file.
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "runtime"

# room: the rooms that it may include. Includes through other rooms count as well.
ARROWS = {
    "core": set(),
    "wire": {"core"},
    "session": {"core", "wire"},
    "routing": {"core", "wire", "session"},
    "rpc": {"core", "wire", "session", "routing"},
    "transport": {"core"},
    "ends": {"core", "transport"},
    "stub": {"core", "wire", "session", "routing", "rpc", "transport", "ends"},
    "conversation": {"core", "wire", "session", "routing", "rpc", "transport", "ends", "stub"},
    "raw": {"core", "wire", "transport", "ends", "stub"},
    "client": {"core", "wire", "session", "routing", "rpc", "transport", "ends", "stub", "conversation"},
    "server": {"core", "wire", "session", "routing", "rpc", "transport", "ends", "stub", "conversation"},
    "jwt": {"core", "wire", "session", "rpc", "transport", "ends", "stub"},
    "dialects": {"core", "wire", "conversation", "client"},
    "c": {"core", "wire", "session", "rpc", "transport", "ends", "stub", "conversation", "client", "raw", "dialects"},
}

# library, by the beginning of its includes: the rooms that may include it. "" is parley/*.hpp, and
# "generated" the headers for generated code.
LIBRARIES = {
    "websocketpp/": {"transport"},
    "openssl/": {"transport", "jwt"},
    "asio/": {"transport", "ends", "stub", "conversation", "raw", "client", "server", "generated", ""},
    "simdjson": {"transport", "wire"},
    "flatbuffers/": {"wire"},
    "google/protobuf": set(),
    "spdlog": set(),
    "nlohmann": set(),
}

# Rooms that take bytes, ids and time points and return actions: no threads and no I/O.
SANS_IO = {"core", "wire", "session", "routing", "rpc"}
THREADS_AND_IO = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "fstream", "sys/socket.h", "unistd.h"}

# Files or folders that do not include Asio, not even through Parley's own headers. In a
# conversation only the attachment uses it, so that programs without Asio can run a conversation.
WITHOUT_ASIO = {
    "box",
    "wkt",
    "core",
    "wire",
    "session",
    "routing",
    "rpc",
    "stub/answers",
    "stub/call",
    "stub/core",
    "stub/credential",
    "stub/invocation",
    "stub/default_token",
    "stub/event",
    "stub/outgoing",
    "stub/peer",
    "stub/principal",
    "stub/registration",
    "stub/send",
    "stub/subscription",
    "conversation/answering",
    "conversation/asking",
    "conversation/call_slots",
    "conversation/conversation",
    "conversation/conversation_io",
    "conversation/dialect",
    "conversation/own_id",
    "conversation/pacing",
    "conversation/payload",
    "conversation/plain_calls",
    "conversation/sizes",
    "conversation/spoken",
    "client/life",
    "client/reconnect",
    "ends/page_shelf.hpp",
    "ends/pages.hpp",
    "transport/host_address",
    "transport/message.hpp",
    "transport/options.hpp",
    "transport/request.hpp",
    "transport/status",
    "transport/tcp/address_race.hpp",
    "transport/tcp/unix_path",
    "transport/tcp/write_queue",
    "transport/text",
    "transport/timer_wheel",
    "transport/tls/certificates",
    "transport/tls/context.hpp",
    "transport/tls/engine.hpp",
    "transport/tls/options.hpp",
    "transport/tls/peer_certificate.hpp",
    "transport/tls/rules",
    "transport/tls/texts",
    "transport/tls/tickets",
    "transport/waited.hpp",
    "transport/websocket/protocol",
}
# The files that may include websocketpp.
WITH_WEBSOCKETPP = {"transport/websocket/protocol/policy.hpp"}
# The folders whose source files may include OpenSSL. Their headers may not, so that no other file sees
# a type of OpenSSL.
WITH_OPENSSL = ("transport/tls/", "jwt/")

# thread_local objects with a destructor crash or do not link on some platforms, so they are created by this file.
WITH_THREAD_LOCALS = {"core/per_thread.hpp"}
# thread_local variables without a destructor may be anywhere.
TRIVIAL_THREAD_LOCAL = re.compile(r"thread_local\s+(const\s+)?((std::)?(u?int\d+|size)_t|bool|char|int|unsigned|[\w:]+\s*\*)\s*\w+\s*[={;]")

# These files are also built without exceptions and RTTI. They throw through this file.
WITH_EXCEPTIONS = {"core/raise.hpp"}
EXCEPTIONS = re.compile(r"\b(throw|try|catch|typeid|dynamic_cast)\b")
# They do not read a clock, because their callers pass the time. In a conversation only the
# attachment reads one.
CLOCKS = re.compile(r"_clock::now\s*\(|\b(clock_gettime|gettimeofday|timespec_get|std::time)\s*\(")

# The file that gets random bytes, and the functions that other files must not use for that.
WITH_RANDOMNESS = {"core/random.cpp"}
RANDOMNESS = re.compile(r"\b(getentropy|getrandom|random_device|arc4random\w*|s?rand(om)?\s*\(|mt19937\w*|<random>)")

# The file that wakes a loop from a signal handler, and the functions that other files must not use
# for that.
WITH_WAKE_UPS = {"ends/stop_event.cpp"}
WAKE_UPS = re.compile(r"\b(eventfd(_read|_write)?|pipe2?|socketpair|signalfd)\s*\(")

# The headers of Parley that generated code may include.
GENERATED_MAY = re.compile(r"parley/(generated/\w+|version|wkt|box)\.hpp$")

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".hpp", ".cpp", ".h", ".ipp"))


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


# The lines of a file without comments and string literals, each with its number.
def code_of(path):
    text = re.sub(r'//[^\n]*|"(\\.|[^"\\\n])*"', "", path.read_text(encoding="utf-8"))
    return list(enumerate(text.splitlines(), 1))


def room_of(path):
    parts = path.relative_to(RUNTIME / "parley").parts
    return parts[0] if len(parts) > 1 else ""


def files_without_asio():
    return {path for path in sources(RUNTIME) for name in WITHOUT_ASIO
            if (str(path.relative_to(RUNTIME / "parley")) + "/").startswith((name + ".", name + "/"))}


class Layering(unittest.TestCase):
    def broken(self, findings):
        self.assertFalse(findings, "\n  " + "\n  ".join(findings))

    def test_rooms_include_only_along_the_arrows(self):
        findings = []
        for path in sources(RUNTIME):
            room = room_of(path)
            if room not in ARROWS:
                continue
            for name in includes(path):
                parts = pathlib.PurePosixPath(name).parts
                if parts[0] == "parley" and len(parts) > 2 and parts[1] != room and parts[1] not in ARROWS[room]:
                    findings.append(f"{path.relative_to(ROOT)} includes {name}: {room} may use {sorted(ARROWS[room]) or 'nothing of ours'}")
        self.broken(findings)

    def test_every_folder_of_the_runtime_is_a_known_room(self):
        folders = {path.name for path in (RUNTIME / "parley").iterdir() if path.is_dir()}
        self.assertEqual(folders - set(ARROWS) - {"generated"}, set())

    def test_own_headers_are_included_by_their_whole_path(self):
        findings = []
        for path in sources(RUNTIME):
            for name in includes(path):
                if (path.parent / name).exists() and not (RUNTIME / name).exists():
                    findings.append(f"{path.relative_to(ROOT)} includes {name}: write it from runtime/ on")
        self.broken(findings)

    def test_libraries_are_seen_only_by_their_rooms(self):
        findings = []
        for path in sources(RUNTIME):
            for name in includes(path):
                for library, rooms in LIBRARIES.items():
                    if name.startswith(library) and room_of(path) not in rooms:
                        findings.append(f"{path.relative_to(ROOT)} includes {name}")
        self.broken(findings)

    def test_protocols_and_messages_do_not_include_asio(self):
        asio_free = files_without_asio()
        self.assertEqual([name for name in WITHOUT_ASIO
                          if not any(str(path.relative_to(RUNTIME / "parley")).startswith(name) for path in asio_free)], [])
        findings = []
        for path in asio_free:
            for name in includes(path):
                if name.startswith("asio/") or name.startswith("parley/") and RUNTIME / name not in asio_free:
                    findings.append(f"{path.relative_to(ROOT)} includes {name}")
        self.broken(findings)

    def test_files_without_asio_need_neither_exceptions_nor_rtti(self):
        findings = [f"{path.relative_to(ROOT)}:{number}: use parley::raise (core/raise.hpp), or return a result"
                    for path in files_without_asio() if str(path.relative_to(RUNTIME / "parley")) not in WITH_EXCEPTIONS
                    for number, line in code_of(path) if EXCEPTIONS.search(line)]
        self.broken(findings)

    def test_files_without_asio_read_no_clock(self):
        findings = [f"{path.relative_to(ROOT)}:{number}: take the time as a parameter; conversation/attachment reads the clock"
                    for path in files_without_asio() for number, line in code_of(path) if CLOCKS.search(line)]
        self.broken(findings)

    def test_one_file_includes_websocketpp(self):
        findings = [f"{path.relative_to(ROOT)} includes {name}" for path in sources(RUNTIME) for name in includes(path)
                    if name.startswith("websocketpp/") and str(path.relative_to(RUNTIME / "parley")) not in WITH_WEBSOCKETPP]
        self.broken(findings)

    def test_only_source_files_of_two_folders_include_openssl(self):
        findings = [f"{path.relative_to(ROOT)} includes {name}" for path in sources(RUNTIME) for name in includes(path)
                    if name.startswith("openssl/")
                    and not (str(path.relative_to(RUNTIME / "parley")).startswith(WITH_OPENSSL) and path.suffix == ".cpp")]
        self.broken(findings)

    def test_nobody_includes_all_of_asio(self):
        # This include would cost each translation unit 0.8 s more.
        folders = [RUNTIME, ROOT / "examples", ROOT / "tests", ROOT / "generated"]
        findings = [str(path.relative_to(ROOT)) for folder in folders for path in sources(folder) if "asio.hpp" in includes(path)]
        self.broken(findings)

    def test_rooms_without_io_know_no_threads_and_no_files(self):
        findings = []
        for path in sources(RUNTIME):
            if room_of(path) in SANS_IO:
                findings += [f"{path.relative_to(ROOT)} includes {name}" for name in includes(path) if name in THREADS_AND_IO]
        self.broken(findings)

    def test_thread_local_objects_with_a_destructor_are_made_by_per_thread(self):
        findings = []
        for path in sources(RUNTIME):
            if str(path.relative_to(RUNTIME / "parley")) in WITH_THREAD_LOCALS:
                continue
            findings += [f"{path.relative_to(ROOT)}:{number}: use parley::per_thread (core/per_thread.hpp) for all but numbers and pointers"
                         for number, line in code_of(path) if "thread_local" in line and not TRIVIAL_THREAD_LOCAL.search(line)]
        self.broken(findings)

    def test_random_bytes_come_from_one_file(self):
        findings = []
        for path in sources(RUNTIME):
            if str(path.relative_to(RUNTIME / "parley")) in WITH_RANDOMNESS:
                continue
            findings += [f"{path.relative_to(ROOT)}:{number}: use parley::fill_random (core/random.hpp)"
                         for number, line in code_of(path) if RANDOMNESS.search(line)]
        self.broken(findings)

    def test_one_file_wakes_loops_from_signal_handlers(self):
        findings = []
        for path in sources(RUNTIME):
            if str(path.relative_to(RUNTIME / "parley")) in WITH_WAKE_UPS:
                continue
            findings += [f"{path.relative_to(ROOT)}:{number}: use parley::stop_event or parley::wake_signal (ends/stop_event.hpp)"
                         for number, line in code_of(path) if WAKE_UPS.search(line)]
        self.broken(findings)

    def test_generated_code_includes_the_doors_only(self):
        findings = []
        for path in sources(ROOT / "generated"):
            for name in includes(path):
                if name.startswith("parley/") and not GENERATED_MAY.match(name):
                    findings.append(f"{path.relative_to(ROOT)} includes {name}")
        self.broken(findings)

    def test_generated_code_does_not_name_asio(self):
        findings = [f"{path.relative_to(ROOT)}:{number}: use a type of parley, such as parley::default_token"
                    for path in sources(ROOT / "generated") for number, line in code_of(path) if re.search(r"\basio\b", line)]
        self.broken(findings)

    def test_every_header_has_its_guard(self):
        findings = [str(path.relative_to(ROOT)) for folder in (RUNTIME, ROOT / "generated") for path in sources(folder)
                    if path.suffix == ".hpp" and "#pragma once" not in path.read_text(encoding="utf-8")]
        self.broken(findings)


class PublicHeaders(unittest.TestCase):
    """Installed headers include only installed headers, and neither websocketpp nor a JSON library."""

    listed = None

    def setUp(self):
        if self.listed is None:
            self.skipTest("the build gives the list of installed headers")

    def test_public_headers_include_only_public_headers(self):
        names = {str(path.relative_to(RUNTIME)) for path in self.listed}
        findings = [f"{path.relative_to(ROOT)} includes {name}, which is not installed" for path in self.listed
                    for name in includes(path) if name.startswith("parley/") and name not in names]
        self.assertFalse(findings, "\n  " + "\n  ".join(findings))

    def test_public_headers_show_no_library_but_asio(self):
        foreign = [library for library in LIBRARIES if library != "asio/"]
        findings = [f"{path.relative_to(ROOT)} includes {name}" for path in self.listed for name in includes(path)
                    if any(name.startswith(library) for library in foreign)]
        self.assertFalse(findings, "\n  " + "\n  ".join(findings))

    def test_what_generated_code_includes_is_public(self):
        names = {str(path.relative_to(RUNTIME)) for path in self.listed}
        wanted = {name for path in sources(ROOT / "generated") for name in includes(path) if name.startswith("parley/")}
        self.assertEqual(wanted - names, set())


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PublicHeaders.listed = [pathlib.Path(line) for line in pathlib.Path(sys.argv.pop(1)).read_text().split()]
    unittest.main()
