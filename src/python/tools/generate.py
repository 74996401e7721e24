"""Makes what is made from something else: the client without async from the async one, and descriptions from the product's own.

    python3 tools/generate.py           writes the files
    python3 tools/generate.py --check   says which are out of date, and fails when one is

Descriptions come from where the reference page has them: deploy/openapi.v1.json, and the records of Orleans.Cluster.Contracts.
"""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
PACKAGE = HERE / "orleans_cluster"

BY_HAND = {
    "aggregate",
    "filter",
    "select",
    "convert",
    "distinct",
    "sort",
    "join",
    "sample",
    "profile",
    "melt",
    "pivot",
    "sql",
}

WORDS = [
    (r"\bAsync(?=[A-Z])", ""),
    (r"\basync (?=def|for|with)", ""),
    (r"\bawait ", ""),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\b_http_async\b", "_http"),
    (r"\basync_", ""),
]


class Field(NamedTuple):
    name: str
    type: str
    text: str


class Operation(NamedTuple):
    name: str
    text: str
    record: str
    fields: Tuple[Field, ...]


def without_async(source: str) -> str:
    """The same module for callers that wait."""
    for pattern, replacement in WORDS:
        source = re.sub(pattern, replacement, source)
    uses_time = re.search(r"^import time$", source, re.MULTILINE)
    source = re.sub(r"^import asyncio\n", "" if uses_time else "import time\n", source, flags=re.MULTILINE)
    lines = source.split("\n")
    source = "\n".join(lines[:1] + ["", "# Made from _async by tools/generate.py; change it there."] + lines[1:])
    return _sorted_imports(source)


def _sorted_imports(source: str) -> str:
    def ordered(found: "re.Match[str]") -> str:
        return "\n".join(sorted(found.group(0).strip("\n").split("\n"))) + "\n"

    return re.sub(r"(?:^import \w+\n)+", ordered, source, count=1, flags=re.MULTILINE)


def operations(contracts: Mapping[str, str], words: List[str]) -> List[Operation]:
    """Each operation with the texts of its enum member and of its parameters' record."""
    members: Dict[str, str] = {}
    records: Dict[str, Tuple[str, List[Field]]] = {}
    for source in contracts.values():
        _read(source, members, records)
    found = []
    for word in words:
        pascal = "".join(part.capitalize() for part in word.split("-"))
        text, fields = records.get(pascal, ("", []))
        found.append(Operation(word, members.get(pascal, ""), text, tuple(fields)))
    return found


def _read(source: str, members: Dict[str, str], records: Dict[str, Tuple[str, List[Field]]]) -> None:
    """Takes what a file of C# says of operations and of records of parameters; each declaration with the comment above it."""
    comment: List[str] = []
    record: Optional[List[Field]] = None
    in_operations = False
    for line in source.split("\n"):
        text = line.strip()
        if text.startswith("///"):
            comment.append(text)
            continue
        if text.startswith("["):
            continue
        declared = re.match(r"public (?:sealed )?(record|enum) (\w+)", text)
        field = re.match(r"public (?:required )?([\w<>?, .]+) (\w+) \{ get; init; \}", text)
        member = re.match(r"(\w+) = \d+,$", text)
        if declared:
            in_operations = declared.group(2) == "OperationKind"
            record = None
            if declared.group(1) == "record" and declared.group(2).endswith("Parameters"):
                record = []
                records[declared.group(2)[: -len("Parameters")]] = (_text(comment), record)
        elif field and record is not None:
            record.append(Field(field.group(2), field.group(1), _text(comment)))
        elif member and in_operations:
            members[member.group(1)] = _text(comment)
        comment = []


def _text(comment: List[str]) -> str:
    """The summary of a doc comment as plain text."""
    joined = " ".join(line.lstrip("/").strip() for line in comment)
    summary = re.search(r"<summary>(.*?)</summary>", joined)
    text = summary.group(1) if summary else joined
    text = re.sub(r"See <see cref=\"\w+\"/>\.", "", text)
    text = re.sub(r"<(?:see cref|paramref name|see langword)=\"(?:\w+\.)*(\w+)\"/>", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"</?c>", "``", text)).strip()


def camel(name: str) -> str:
    return name[0].lower() + name[1:]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def notes(document: Mapping[str, Dict[str, Dict[str, Dict[str, str]]]], found: List[Operation]) -> str:
    """The module ``_reference``."""
    texts: Dict[str, str] = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            if "operationId" in operation:
                parts = [operation.get("summary", "").rstrip(".") + ".", operation.get("description", "")]
                texts[operation["operationId"]] = "\n\n".join(part for part in parts if part.strip("."))
    for each in found:
        more = re.sub(r"^Parameters of ``[\w-]+``[:.]? ?", "", each.record)
        more = "" if more.lower().rstrip(".") == each.text.lower().rstrip(".") else more[:1].upper() + more[1:]
        lines = [f"{each.text} {more}".strip()]
        lines += [f"``{snake(field.name)}``: {field.text}" for field in each.fields]
        texts[each.name] = "\n\n".join([lines[0]] + (["\n".join(lines[1:])] if lines[1:] else []))
    listed = "".join(
        f"    {json.dumps(name)}:\n        {json.dumps(text, ensure_ascii=False)},\n" for name, text in sorted(texts.items())
    )
    return (
        '"""What the reference says of endpoints and operations."""\n\n'
        "# Made by tools/generate.py from deploy/openapi.v1.json and Orleans.Cluster.Contracts; change it there.\n"
        "from __future__ import annotations\n\nfrom typing import Any, Callable, Dict, TypeVar\n\n"
        'F = TypeVar("F", bound=Callable[..., Any])\n\n\n'
        "def described(name: str) -> Callable[[F], F]:\n"
        '    """Puts the reference\'s words before a method\'s own."""\n\n'
        "    def describe(method: F) -> F:\n"
        '        method.__doc__ = "\\n\\n".join(text for text in (TEXTS.get(name, ""), method.__doc__) if text)\n'
        "        return method\n\n    return describe\n\n\n"
        f"TEXTS: Dict[str, str] = {{\n{listed}}}\n"
    )


_TYPES = {"string": "str", "long": "int", "int": "int", "double": "float", "bool": "bool"}


def python_type(text: str) -> str:
    bare = text.rstrip("?").strip()
    if bare.startswith("IReadOnlyList<string>"):
        return "Optional[Sequence[str]]"
    return f"Optional[{_TYPES[bare]}]" if bare in _TYPES else "Any"


def methods(found: List[Operation]) -> str:
    """The module ``_operations``: a method for each operation that no other module has by hand."""
    parts = []
    for each in found:
        if each.name in BY_HAND:
            continue
        taken = "".join(
            f", {snake(field.name)}_: {python_type(field.type)} = None"
            if snake(field.name) in _RESERVED
            else f", {snake(field.name)}: {python_type(field.type)} = None"
            for field in each.fields
        )
        given = ", ".join(
            f'"{camel(field.name)}": {snake(field.name)}{"_" if snake(field.name) in _RESERVED else ""}'
            for field in each.fields
        )
        star = ", *" if taken else ""
        parts.append(
            f'    @described("{each.name}")\n    def {each.name.replace("-", "_")}(\n'
            f"        self{star}{taken}, **more: Any\n    ) -> F:\n"
            f'        return self._operated("{each.name}", _given({{{given}}}, more))\n\n'
        )
    return (
        '"""Operations that have no method written by hand: each with its parameters, as the reference has them."""\n\n'
        "# Made by tools/generate.py from Orleans.Cluster.Contracts; change it there.\n"
        "from __future__ import annotations\n\nfrom typing import Any, Dict, Generic, Mapping, Optional, Sequence, TypeVar\n\n"
        'from ._reference import described\n\nF = TypeVar("F")\n\n'
        '__all__ = ["Operations", "Optional", "Sequence", "described"]\n\n\n'
        "class Operations(Generic[F]):\n"
        '    """Methods of a frame, one for each operation. ``more`` are parameters of newer servers."""\n\n'
        "    def _operated(self, operation: str, parameters: Mapping[str, Any]) -> F:\n        raise NotImplementedError\n\n"
        + "".join(parts)
        + "\ndef _given(parameters: Mapping[str, Any], more: Mapping[str, Any]) -> Dict[str, Any]:\n"
        "    given = {name: value for name, value in parameters.items() if value is not None}\n"
        "    given.update(more)\n    return given\n"
    )


_RESERVED = {"self", "in", "is", "not", "from", "as", "with", "class", "def", "if", "lambda", "or", "and", "more"}


def outputs() -> Dict[Path, str]:
    """Every generated file with the text that it should have."""
    document = json.loads((REPOSITORY / "deploy/openapi.v1.json").read_text(encoding="utf-8"))
    paths = sorted((REPOSITORY / "src/Orleans.Cluster.Contracts").glob("**/*.cs"))
    contracts = {
        str(path): path.read_text(encoding="utf-8-sig")
        for path in paths
        if "obj" not in path.parts and "bin" not in path.parts
    }
    found = operations(contracts, document["components"]["schemas"]["OperationKind"]["enum"])
    made = {PACKAGE / "_reference.py": notes(document, found), PACKAGE / "_operations.py": methods(found)}
    for path in sorted((PACKAGE / "_async").glob("*.py")):
        made[PACKAGE / "_sync" / path.name] = without_async(path.read_text(encoding="utf-8"))
    return made


def main() -> int:
    stale = []
    for path, text in outputs().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(REPOSITORY)} is out of date. Run: python3 src/python/tools/generate.py")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(outputs()[path], encoding="utf-8")
        print(f"Wrote {path.relative_to(REPOSITORY)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
