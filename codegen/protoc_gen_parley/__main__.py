"""The plugin: reads a CodeGeneratorRequest from stdin and writes a CodeGeneratorResponse to stdout. Errors in a schema are in the
response's `error`, with exit code 0, as protoc requires. Warnings go to stderr.

The environment variable PARLEY_DUMP_REQUEST=<file> saves the request, so that a run can be repeated under a debugger:
    python3 -m protoc_gen_parley < file
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from google.protobuf.message import DecodeError

from . import fingerprint, lint, lock, lockfile
from .backends import BACKENDS
from .lint import Finding, breaking
from .load import LoadError, load
from .model import Schema

_FEATURE_PROTO3_OPTIONAL = 1


class ParameterError(Exception):
    pass


@dataclass
class Parameters:
    lock_roots: Tuple[str, ...] = ()
    lock_mode: str = "update"
    strict: bool = False
    across: bool = False   # only check the rules that concern several schemas


def parse_parameters(text: str) -> Parameters:
    """"lock_root=a,lock_root=b,lock=check,lint=strict"."""
    roots: List[str] = []
    parameters = Parameters()
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = part.partition("=")
        if name == "lock_root" and value:
            roots.append(value)
        elif name == "lock" and value in ("update", "check", "read"):
            parameters.lock_mode = value
        elif name == "lint" and value in ("strict", "normal", "across"):
            parameters.strict = parameters.strict or value == "strict"
            parameters.across = parameters.across or value == "across"
        else:
            raise ParameterError(
                "unknown parameter %s; known: lock_root=DIR (repeatable), lock=update|check|read, lint=strict|across" % lint.quote(part))
    parameters.lock_roots = tuple(roots)
    return parameters


class Refused(Exception):
    """The schema has errors. The text has one line for each."""


Warn = Callable[[str], object]


def generate(files: Sequence[descriptor_pb2.FileDescriptorProto], to_generate: Sequence[str], parameters: Parameters,
             warn: Warn) -> Dict[str, str]:
    """Output path -> text. Raises Refused, LoadError, LockError."""
    schema = load(files, to_generate)
    linter = lint.Linter([b.rules for b in BACKENDS])
    if parameters.across:
        _refuse_errors(linter.run_across(schema), parameters, warn)
        return {}
    findings = linter.run(schema)
    _refuse_errors(findings, parameters, warn)

    locks = lock.open_locks(schema, parameters.lock_roots)
    schema = lock.apply(schema, locks)
    broken, incompatible = breaking.check(schema, locks, fingerprint.schema_shapes(schema))
    _refuse_errors(broken, parameters, warn)
    schema = lock.accept(schema, locks, incompatible)
    _refuse_errors(linter.run_with_lock(schema), parameters, warn)
    if not parameters.lock_roots:
        warn("protoc-gen-parley: warning: no lock_root: FlatBuffers ids follow field numbers, and no earlier shape is accepted [LOCK]")

    out: Dict[str, str] = {}
    for backend in BACKENDS:
        out.update(backend.emit(schema))
    _settle_locks(schema, locks, parameters)
    return out


def _refuse_errors(findings: Sequence[Finding], parameters: Parameters, warn: Warn) -> None:
    if parameters.strict:
        findings = [replace(f, severity=lint.ERROR) for f in findings]
    for finding in findings:
        if finding.severity == lint.WARNING:
            warn(str(finding))
    errors = [str(f) for f in findings if f.severity == lint.ERROR]
    if errors:
        raise Refused("\n".join(errors))


def _settle_locks(schema: Schema, locks: Mapping[str, lock.LockedFile], parameters: Parameters) -> None:
    """Runs last, after everything else has succeeded. A refused schema does not change its lock."""
    mine = [locks[f.path] for f in schema.generated]
    stale = [(locked.path, locked.file, locked.new_text) for locked in mine if locked.file is not None and locked.is_stale]
    if parameters.lock_mode == "check" and stale:
        raise Refused("\n".join(
            "%s:1: error: %s is out of date; generate with lock=update and commit it [LOCK]" % (path, os.path.basename(file))
            for path, file, _ in stale))
    if parameters.lock_mode == "update":
        for _, file, text in stale:
            try:
                lockfile.write(file, text)
            except OSError as why:
                raise lock.LockError("%s: error: cannot be written: %s [LOCK]" % (file, why.strerror)) from None


def run(data: bytes, warn: Warn) -> bytes:
    response = plugin_pb2.CodeGeneratorResponse()
    response.supported_features = _FEATURE_PROTO3_OPTIONAL
    try:
        request = plugin_pb2.CodeGeneratorRequest.FromString(data)
        out = generate(request.proto_file, request.file_to_generate, parse_parameters(request.parameter), warn)
        for name, text in out.items():
            response.file.add(name=name, content=text)
    except (Refused, ParameterError, LoadError, lock.LockError) as problem:
        response.error = str(problem)
    except (DecodeError, UnicodeDecodeError):  # protobuf's pure Python runtime cannot read such a request at all
        response.error = "a comment or a string in the schemas is not UTF-8 [SYNTAX]"
    answer: bytes = response.SerializeToString()
    return answer


def main() -> None:
    data = sys.stdin.buffer.read()
    dump = os.environ.get("PARLEY_DUMP_REQUEST")
    if dump:
        with open(dump, "wb") as out:
            out.write(data)
    sys.stdout.buffer.write(run(data, lambda text: print(text, file=sys.stderr)))


if __name__ == "__main__":
    main()
