"""The dependencies of the generator: the neutral part does not depend on any language, and no
backend depends on another.
"""

import ast
import unittest

from support import ROOT, TestCase

PACKAGE = ROOT / "codegen" / "protoc_gen_parley"
REGISTRY = "backends"       # backends/__init__.py: the one module that lists the backends
MAY_LIST = {"__main__"}  # the module that reads it

# Only these modules may use the libraries that read schemas and write text.
LIBRARIES = {
    "google": {"__main__", "load", "sources", "utf8"},
    "jinja2": {"render"},
}

# Modules that must not contain a word of any target language.
SPEECHLESS = {"model", "load", "order", "services", "lock", "lockfile", "fingerprint", "sources", "words", "well_known", "binary"}
LANGUAGES = ("cpp", "c++", "parley::", "std::", "typescript")


def module(path):
    """Returns "backends.cpp.types" for backends/cpp/types.py. A package has the name of its folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(name):
    """The imports of a module: modules of the generator by their names here, and all others by the
    first part of theirs."""
    path = MODULES[name]
    package = path.relative_to(PACKAGE).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = ".".join((*package[:len(package) - node.level + 1], *((node.module,) if node.module else ())))
            for alias in node.names:
                inner = ".".join(part for part in (base, alias.name) if part)
                found.add(inner if inner in MODULES else base)
    return found


def backend_of(name):
    """Returns "cpp" for example, and "" for a neutral module or the registry."""
    parts = name.split(".")
    return parts[1] if parts[0] == REGISTRY and len(parts) > 1 else ""


class LayeringTest(TestCase):
    def broken(self, findings):
        self.assertFalse(findings, "\n  " + "\n  ".join(findings))

    def test_the_modules_are_found(self):
        self.assertLess({"", "__main__", "model", "model.types", "lint", "lint.core", "backends", "backends.cpp", "backends.fbs.tables"}, set(MODULES))
        self.assertLess({"google", "lint", "lock", "backends", "load"}, imports("__main__"))
        self.assertLess({"backend", "lint.core", "model"}, imports("backends.cpp") | imports("backends.cpp.lint") | imports("backends.cpp.types"))

    def test_neutral_modules_import_no_backend(self):
        self.broken(["%s imports %s" % (name, used) for name in MODULES if name.partition(".")[0] != REGISTRY for used in imports(name)
                     if used.partition(".")[0] == REGISTRY and not (used == REGISTRY and name in MAY_LIST)])

    def test_backends_import_neither_each_other_nor_their_list(self):
        self.broken(["%s imports %s" % (name, used) for name in MODULES if backend_of(name) for used in imports(name)
                     if used.partition(".")[0] == REGISTRY and backend_of(used) != backend_of(name)])

    def test_libraries_are_known_to_few(self):
        self.broken(["%s imports %s" % (name, used) for name in MODULES for used in imports(name) if name not in LIBRARIES.get(used, {name})])

    def test_the_neutral_part_says_no_word_of_a_language(self):
        findings = []
        for name, path in MODULES.items():
            if name.partition(".")[0] in SPEECHLESS:
                for number, line in enumerate(path.read_text(encoding="utf-8").lower().split("\n"), 1):
                    findings += ["%s:%d says %s" % (path.relative_to(ROOT), number, word) for word in LANGUAGES if word in line]
        self.broken(findings)

    def test_templates_of_a_backend_are_its_own_or_everybodys(self):
        shared = {path.name for path in (PACKAGE / "templates").glob("*.j2")}
        for backend in (path for path in (PACKAGE / REGISTRY).iterdir() if path.is_dir() and path.name != "__pycache__"):
            own = {path.name for path in (backend / "templates").glob("*.j2")}
            self.assertTrue(own, backend.name)
            self.assertEqual(set(), own & shared)


if __name__ == "__main__":
    unittest.main()
