"""Writes csrc/wire/descriptors.cc: the .proto files of proto/, compiled, for server reflection.

Run after a change to proto/ (needs grpcio-tools); `--check` only says whether the file is current.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROTO = ROOT / "proto"
TARGET = ROOT / "csrc" / "wire" / "descriptors.cc"

TEMPLATE = """\
// Made by scripts/gen_descriptors.py from proto/. Do not edit.
#include "wire/descriptors.h"

namespace aiges::wire {{
namespace {{

// clang-format off
{arrays}

constexpr ProtoFile kFiles[] = {{
{files}
}};

constexpr std::string_view kServices[] = {{
{services}
}};

// Sorted.
constexpr ProtoSymbol kSymbols[] = {{
{symbols}
}};
// clang-format on

}}  // namespace

std::span<const ProtoFile> proto_files() {{ return kFiles; }}
std::span<const std::string_view> proto_services() {{ return kServices; }}
std::span<const ProtoSymbol> proto_symbols() {{ return kSymbols; }}

}}  // namespace aiges::wire
"""


def compiled() -> list[Any]:
    """A google.protobuf.FileDescriptorProto for each file, by name."""
    from google.protobuf.descriptor_pb2 import (
        FileDescriptorSet,
    )
    from grpc_tools import protoc  # type: ignore[import-untyped]

    names = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set.pb"
        code = protoc.main(["protoc", f"-I{PROTO}", f"--descriptor_set_out={target}", *names])
        if code != 0:
            raise SystemExit(f"protoc failed on {PROTO}: see above")
        files = FileDescriptorSet.FromString(target.read_bytes()).file
    for file in files:
        if file.dependency:
            raise SystemExit(f"{file.name}: imports are not expected by wire/descriptors.h")
    return sorted(files, key=lambda file: str(file.name))


def symbols(file: Any) -> Iterator[str]:
    """Full names of what a file defines: messages, enums, services, methods."""

    def of_message(scope: str, message: Any) -> Iterator[str]:
        if message.options.map_entry:
            return
        name = f"{scope}.{message.name}"
        yield name
        for nested in message.nested_type:
            yield from of_message(name, nested)
        for enum in message.enum_type:
            yield f"{name}.{enum.name}"

    for message in file.message_type:
        yield from of_message(file.package, message)
    for enum in file.enum_type:
        yield f"{file.package}.{enum.name}"
    for service in file.service:
        yield f"{file.package}.{service.name}"
        for method in service.method:
            yield f"{file.package}.{service.name}.{method.name}"


def literal(data: bytes) -> Iterator[str]:
    """Lines of a C++ string literal. Octal escapes: they end after three digits by themselves."""
    printable = set(range(0x20, 0x7F)) - set(b'"\\?')
    line = ""
    for byte in data:
        line += chr(byte) if byte in printable else f"\\{byte:03o}"
        if len(line) > 90:
            yield f'    "{line}"'
            line = ""
    if line:
        yield f'    "{line}"'


def generated() -> str:
    files = compiled()
    data = [file.SerializeToString(deterministic=True) for file in files]
    arrays = "\n".join(
        f"constexpr char kFile{i}[] =\n" + "\n".join(literal(bytes_)) + ";"
        for i, bytes_ in enumerate(data)
    )
    services = sorted(
        f"{file.package}.{service.name}" for file in files for service in file.service
    )
    index = sorted((name, i) for i, file in enumerate(files) for name in symbols(file))
    return TEMPLATE.format(
        arrays=arrays,
        files="\n".join(
            f'    {{"{file.name}", {{kFile{i}, sizeof kFile{i} - 1}}}},'
            for i, file in enumerate(files)
        ),
        services="\n".join(f'    "{name}",' for name in services),
        symbols="\n".join(f'    {{"{name}", {i}}},' for name, i in index),
    )


def main() -> int:
    text = generated()
    if "--check" in sys.argv[1:]:
        current = TARGET.exists() and TARGET.read_text() == text
        if not current:
            print(f"{TARGET.relative_to(ROOT)} is not what proto/ says: run {sys.argv[0]}")
        return 0 if current else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
