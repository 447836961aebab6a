"""system_names.py contains every name that the headers around generated code make unusable for a
schema: macros, and names of C in the global namespace.

Both lists are computed here, with the compiler CXX and with each other compiler of GCC and clang
that is installed. PARLEY_UPDATE_EXPECTED=1 writes new names. Names are never removed, because that
would rename identifiers in users' programs.
"""

import re
import shutil
import subprocess
import textwrap
import unittest

from support import CXX, ROOT, UPDATE, TestCase
from protoc_gen_parley.backends.cpp import spelling, system_names

# The headers that generated code includes, and those that any program may include before it.
PARLEY = ("generated/codec_source", "generated/client", "generated/server", "client", "server", "raw", "by_name", "loopback")
STANDARD = """
    algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts condition_variable coroutine deque exception
    execution filesystem forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
    locale map memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set
    shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view syncstream system_error thread tuple
    type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version assert.h ctype.h errno.h fenv.h float.h
    inttypes.h limits.h locale.h math.h setjmp.h signal.h stdarg.h stddef.h stdint.h stdio.h stdlib.h string.h time.h uchar.h wchar.h wctype.h
    """.split()
SOURCE = "".join("#include <parley/%s.hpp>\n" % header for header in PARLEY) + "".join(
    "#if __has_include(<{0}>)\n#include <{0}>\n#endif\n".format(header) for header in STANDARD)


def compilers():
    """CXX, and one compiler of each other kind."""
    found = {}
    for compiler in (CXX, "g++", "clang++", *("clang++-%d" % version for version in range(22, 15, -1))):
        if shutil.which(compiler):
            said = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
            found.setdefault("clang" if "clang" in said else "gcc", compiler)
    return found


def run(kind, compiler, source, *options):
    more = ("-DASIO_HAS_CO_AWAIT=1",) if kind == "clang" else ()
    command = [compiler, "-std=gnu++20", "-w", "-DASIO_STANDALONE", "-fdiagnostics-color=never", "-I%s" % (ROOT / "runtime"), *more, *options,
               "-x", "c++", "-"]
    return subprocess.run(command, input=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def macros(kind, compiler):
    done = run(kind, compiler, SOURCE, "-E", "-dM")
    if done.returncode:
        raise AssertionError(done.stderr)
    return {re.match(r"#define (\w+)", line).group(1) for line in done.stdout.splitlines()}


def global_names(kind, compiler, taken):
    """The identifiers in the headers that cannot be used for a namespace. To find them, the
    compiler opens a namespace of each name."""
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"', "", run(kind, compiler, SOURCE, "-E", "-P").stdout)
    candidates = [name for name in sorted(set(re.findall(r"\b[A-Za-z_]\w*", text)))
                  if name not in taken and name not in spelling.KEYWORDS and not spelling.is_reserved(name)]
    probe = SOURCE + "".join('#line %d "probe"\nnamespace %s {}\n' % pair for pair in enumerate(candidates, 1))
    done = run(kind, compiler, probe, "-fsyntax-only", "-ferror-limit=0" if kind == "clang" else "-fmax-errors=0")
    errors = [re.match(r"probe:(\d+):\d+: error", line) for line in done.stderr.splitlines() if re.search(r"\berror:", line)]
    if not all(errors):
        raise AssertionError(done.stderr[:2000])
    return {candidates[int(found.group(1)) - 1] for found in errors}


def listed(name, what, found):
    return '# %s\n%s = frozenset(\n    """\n%s\n    """.split()\n)\n' % (
        what, name, textwrap.fill(" ".join(sorted(found)), 140, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))


class SystemNames(TestCase):
    found = None

    def setUp(self):
        if SystemNames.found is None:
            all_macros, all_globals = set(), set()
            for kind, compiler in compilers().items():
                here = macros(kind, compiler)
                all_macros |= {name for name in here if not spelling.is_reserved(name)}
                all_globals |= global_names(kind, compiler, here)
            SystemNames.found = all_macros, all_globals
            if UPDATE:
                self.hold_against(ROOT / "codegen/protoc_gen_parley/backends/cpp/system_names.py", (
                    '"""Names that system headers take from a schema. Written by tests/codegen/system_names_test.py: do not edit."""\n\n'
                    + listed("MACROS", "Macros.", all_macros | system_names.MACROS) + "\n"
                    + listed("GLOBALS", "C's names in the global namespace.", all_globals | system_names.GLOBALS)))

    def test_every_macro_of_the_headers_is_listed(self):
        self.assertLess({"LITTLE_ENDIAN", "SEEK_SET", "ECONNREFUSED", "st_mtime", "NO_DATA"}, self.found[0])
        self.assertEqual(set(), self.found[0] - system_names.MACROS, "PARLEY_UPDATE_EXPECTED=1 adds them")

    def test_every_global_name_of_the_headers_is_listed(self):
        self.assertLess({"system", "time", "signal", "poll", "access", "link", "environ"}, self.found[1])
        self.assertEqual(set(), self.found[1] - system_names.GLOBALS, "PARLEY_UPDATE_EXPECTED=1 adds them")

    def test_what_is_listed_gets_an_underscore(self):
        for name in system_names.MACROS:
            self.assertEqual(name + "_", spelling.safe(name))
        for name in system_names.GLOBALS - system_names.MACROS:
            self.assertEqual("%s_::%s" % (name, spelling.safe(name)), spelling.namespace_of_package("%s.%s" % (name, name)))

    def test_no_macro_looks_like_what_the_generator_makes_of_a_name(self):
        ends = ("_to", "_server_to", "_accepted", "_routes", "_methods", "Client", "Handler", "Peers", "Methods", "Target")
        made = [name for name in system_names.MACROS if name.endswith(ends) or name.startswith(("async_", "on_"))]
        self.assertEqual([], sorted(made))


if __name__ == "__main__":
    unittest.main()
