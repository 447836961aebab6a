"""Runs protoc with protoc-gen-parley on one .proto file, for ParleyGenerate.cmake.

A build needs three things that protoc alone does not provide:
- Files whose content did not change keep their time, so that touching a schema does not compile
  everything again.
- A depfile names the imports, the lock file, and the generator's own modules and templates, so that
  editing any of them generates again.
- Findings name the file in the same form as the compiler, so that editors can jump to them.

With --describe it generates nothing and prints, as JSON, what protoc finds in the schemas. CMake
needs this to know the names of the outputs.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protoc", required=True)
    parser.add_argument("--plugin", help="an executable")
    parser.add_argument("--describe", action="store_true", help="print what the schemas hold, and do nothing else")
    parser.add_argument("--watch", action="append", default=[], help="folder whose .py and .j2 files the output depends on")
    parser.add_argument("--import-dir", action="append", required=True, help="in the order of search; the first that holds the file counts")
    parser.add_argument("--proto", action="append", required=True, help="as imports spell it: lobby/v1/lobby.proto")
    parser.add_argument("--opt", action="append", default=[], help="parameter for the plugin")
    parser.add_argument("--out", type=pathlib.Path, help="without it the generator's output is thrown away")
    parser.add_argument("--expect", action="append", default=[], help="file that has to come out, relative to --out")
    parser.add_argument("--optional", action="append", default=[], help="one of these that is made empty if the schema gives no cause for it")
    parser.add_argument("--stamp", type=pathlib.Path, help="touched at the end; the depfile's target")
    parser.add_argument("--depfile", type=pathlib.Path)
    return parser.parse_args()


def main():
    args = parse_arguments()
    if args.describe:
        print(json.dumps(describe(args), sort_keys=True))
        return 0
    with tempfile.TemporaryDirectory(prefix="parley-") as scratch:
        made = pathlib.Path(scratch, "out")
        made.mkdir()
        imports = pathlib.Path(scratch, "imports.d")
        if not run_protoc(args, made, imports):
            return 1
        for name in args.optional:
            if not (made / name).is_file():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                (made / name).write_text(f"// {args.proto[0]} has no services.\n#pragma once\n")
        missing = [name for name in args.expect if not (made / name).is_file()]
        if missing:
            print(f"{args.proto[0]}: the generator did not make {', '.join(missing)}; run cmake again", file=sys.stderr)
            return 1
        for file in sorted(made.rglob("*")) if args.out else []:
            if file.is_file():
                replace_if_different(args.out / file.relative_to(made), file.read_bytes())
        if args.depfile:
            write_depfile(args, imports.read_text())
    if args.stamp:
        args.stamp.parent.mkdir(parents=True, exist_ok=True)
        args.stamp.touch()
    return 0


def run_protoc(args, made, imports):
    command = [args.protoc, f"--plugin=protoc-gen-parley={args.plugin}", f"--parley_out={made}"]
    if args.depfile:
        command.append(f"--dependency_out={imports}")
    command += [f"-I{folder}" for folder in args.import_dir]
    command += [f"--parley_opt={parameter}" for parameter in args.opt]
    command += args.proto
    # The plugin uses the interpreter that runs this program, because it has the required packages.
    environment = {**os.environ, "PARLEY_PYTHON": sys.executable}
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    # A run that only checks omits warnings, because the runs that generate print them.
    for line in done.stderr.splitlines() if args.out or done.returncode else []:
        print(located(line, args), file=sys.stderr)
    return done.returncode == 0


def describe(args):
    """For each schema that protoc can read, by name: whether it has services, and which other
    generated schemas it uses types of."""
    # A schema with an error must not hide the others. If protoc cannot read all together, each is
    # read alone.
    files = read_descriptors(args, args.proto) or [file for name in args.proto for file in read_descriptors(args, [name])]
    home = {}
    for file in files:
        scope = "." + file.package if file.package else ""
        collect_types(file, scope, file.name, home)
    return {file.name: {"services": bool(file.service), "imports": sorted(used_files(file, home))} for file in files if file.name in args.proto}


def read_descriptors(args, names):
    from google.protobuf import descriptor_pb2  # the build itself does not need it

    with tempfile.TemporaryDirectory(prefix="parley-") as scratch:
        out = pathlib.Path(scratch, "set")
        command = [args.protoc, "--include_imports", f"--descriptor_set_out={out}", *(f"-I{folder}" for folder in args.import_dir), *names]
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return []
        return list(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def collect_types(node, scope, file, home):
    for kind in ("message_type", "nested_type", "enum_type"):
        for inner in getattr(node, kind, ()):
            home[f"{scope}.{inner.name}"] = file
            collect_types(inner, f"{scope}.{inner.name}", file, home)


def used_files(file, home):
    """The files with the types of its fields and methods, without Parley's vocabulary and the
    well-known types. Options use no types."""
    used = {method.input_type for service in file.service for method in service.method}
    used |= {method.output_type for service in file.service for method in service.method}
    messages = list(file.message_type)
    for message in messages:  # grows during the loop
        messages.extend(message.nested_type)
        used |= {field.type_name for field in message.field}
    found = {home[name] for name in used if name in home} - {file.name, "parley/options.proto"}
    return {name for name in found if not name.startswith("google/protobuf/")}


def located(line, args):
    """Converts `--parley_out: a/b.proto:3:1: ...` to `/schema/a/b.proto:3:1: ...` if the file is in
    an import folder."""
    line = line.removeprefix("--parley_out: ")
    named = re.match(r"([^:\s]+\.proto)(?=:)", line)
    for folder in args.import_dir if named else []:
        path = os.path.join(folder, named[1])
        if os.path.isfile(path):
            return path + line[named.end():]
    return line


def replace_if_different(path, content):
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name contains the process id, because two build trees may write to the same folder.
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)


def write_depfile(args, protoc_deps):
    # protoc writes `outputs: a.proto\<newline> b.proto\<newline> ...` without escapes. Each line is
    # a path.
    listed = re.split(r":\s", protoc_deps, maxsplit=1)[1]
    deps = [line.strip() for line in listed.split("\\\n")]
    deps += list(lock_files(deps))
    if pathlib.Path(args.plugin).is_file():
        deps.append(args.plugin)
    for folder in args.watch:
        deps += (str(file) for file in pathlib.Path(folder).rglob("*") if file.suffix in (".py", ".j2"))
    unique = sorted({os.path.abspath(dep) for dep in deps})
    text = f"{escaped(str(args.stamp))}: \\\n  " + " \\\n  ".join(escaped(dep) for dep in unique) + "\n"
    replace_if_different(args.depfile, text.encode())


def lock_files(schemas):
    """The existing lock files of the schema and of its imports. Editing one by hand changes the
    output."""
    for schema in map(pathlib.Path, schemas):
        lock = schema.with_suffix(".parley.lock")
        if lock.is_file():
            yield str(lock)


def escaped(path):
    return path.replace("\\", "\\\\").replace(" ", "\\ ").replace("#", "\\#").replace("$", "$$")


if __name__ == "__main__":
    sys.exit(main())
