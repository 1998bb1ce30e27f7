"""The one small language for "when": its values, its words, and how a text becomes a condition.

A condition is a list of clauses that must all hold, or a table ``{all = […]}``, ``{any = […]}``,
``{not = …}``. A clause is ``name``, ``not name``, ``name known``, ``name unknown``, ``name contains
text``, ``name in a, b`` (or ``not in``), ``name is value`` (or ``is not``) and ``name < value``
(``<=``, ``>``, ``>=``). The right side may be another name. Names and what they mean are in
``NAMES``; ``limit.…`` stands for a threshold of the rules' file.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from app.model.errors import InputError
from app.model.value import Value

Kind = Literal["yes-no", "number", "memory", "disk", "version", "text", "list"]
Operator = Literal[
    "is", "is not", "<", "<=", ">", ">=", "in", "not in", "contains", "known", "unknown", "holds"
]

NAMES: dict[str, Kind] = {
    "os.family": "text",
    "os.name": "text",
    "os.build": "number",
    "os.arch": "text",
    "os.wsl": "yes-no",
    "os.long_paths": "yes-no",
    "os.old_name": "yes-no",
    "os.code_page": "number",
    "os.s_mode": "yes-no",
    "os.smart_app_control": "text",
    "os.controlled_folders": "yes-no",
    "cpu.name": "text",
    "cpu.avx2": "yes-no",
    "memory.total": "memory",
    "memory.available": "memory",
    "gpus.count": "number",
    "gpus.cards": "number",
    "gpus.nvidia": "number",
    "gpus.differ": "yes-no",
    "gpus.integrated": "yes-no",
    "gpus.names": "text",
    "card.found": "yes-no",
    "card.usable": "yes-no",
    "card.name": "text",
    "card.architecture": "text",
    "card.capability": "version",
    "card.driver_end": "version",
    "card.memory": "memory",
    "card.used": "memory",
    "card.free": "memory",
    "card.used_share": "number",
    "card.processes": "number",
    "card.display": "yes-no",
    "driver.version": "version",
    "driver.cuda": "version",
    "driver.nvml": "text",
    "home.path": "text",
    "home.length": "number",
    "home.on_onedrive": "yes-no",
    "home.writable": "yes-no",
    "home.refused": "text",
    "home.subfolder": "text",
    "home.unsafe": "text",
    "home.foreign": "text",
    "home.temp": "text",
    "home.temp_foreign": "text",
    "home.broken": "text",
    "disk.root": "text",
    "disk.free": "disk",
    "disk.needed": "disk",
    "disk.download": "disk",
    "disk.spare": "disk",
    "tools.vc_runtime": "version",
    "tools.compiler": "yes-no",
    "tools.gcc": "yes-no",
    "pythons.count": "number",
    "pythons.suitable": "number",
    "pythons.seen": "text",
    "packages.cpu_torch": "text",
    "variables.conflict": "text",
    "variables.count": "number",
    "variables.first": "text",
    "variables.why": "text",
    "variables.card_hidden": "text",
    "leftovers.count": "number",
    "leftovers.size": "disk",
    "leftovers.where": "text",
    "network.index": "text",
    "network.pytorch": "text",
    "network.index_fault": "text",
    "network.pytorch_fault": "text",
    "network.proxy": "text",
    "network.mirror": "text",
    "network.bundle": "yes-no",
    "program.days_stale": "number",
    "program.fresh_until": "text",
    "profile.days_stale": "number",
    "profile.pinned_on": "text",
    "profile.id": "text",
    "profile.for_card": "yes-no",
    "profile.cuda_floor": "version",
    "profile.title": "text",
    "profile.gpu": "yes-no",
    "profile.guide": "yes-no",
    "profile.platform": "yes-no",
    "profile.torch": "version",
    "profile.cuda": "version",
    "profile.python": "text",
    "profile.compute_min": "version",
    "profile.compute_max": "version",
    "profile.compute_excluded": "yes-no",
    "profile.driver": "version",
    "profile.driver_floor": "version",
    "profile.vram": "memory",
    "profile.avx2": "yes-no",
    "profile.uses_pytorch_index": "yes-no",
    "profile.mend_openmp": "yes-no",
}


class Clause(Value, tag="clause", frozen=True, kw_only=True):
    """One comparison. ``right`` holds literals as written, or one name where ``named`` is set."""

    left: str
    operator: Operator
    right: tuple[str, ...] = ()
    named: bool = False


class All(Value, tag="all", frozen=True, kw_only=True):
    """Every part must hold."""

    parts: tuple[Condition, ...]


class AnyOf(Value, tag="any", frozen=True, kw_only=True):
    """At least one part must hold."""

    parts: tuple[Condition, ...]


class Not(Value, tag="not", frozen=True, kw_only=True):
    """The part must not hold."""

    part: Condition


Condition = Clause | All | AnyOf | Not

_CLAUSE = re.compile(
    r"\s*(?P<left>[a-z_][a-z0-9_.]*)\s*(?:(?P<op>not\s+in|in|is\s+not|is|contains|known|unknown|<=|>=|<|>)"
    r"(?:(?<=[a-z])(?:\s+|$)|(?<=[<>=])\s*)(?P<right>.*))?\s*$"
)
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(GiB|GB|MiB|MB)?\s*$")
_UNITS = {"GiB": 2**30, "GB": 10**9, "MiB": 2**20, "MB": 10**6, None: 1}
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def parse_version(text: str) -> tuple[int, ...] | None:
    """The numbers of a version, ``"v14.40.33810"`` as ``(14, 40, 33810)``, without zeros at the
    end; or ``None``.
    """
    found = _NUMBERS.search(text)
    if not found:
        return None
    numbers = [int(n[:18]) for n in found.group().split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def parse_literal(kind: Kind, text: str) -> Any:
    """A written value as the kind compares it, or ``None`` where it cannot be read as one."""
    if kind == "version":
        return parse_version(text)
    if kind == "yes-no":
        return {"yes": True, "no": False}.get(text)
    if kind in ("number", "memory", "disk"):
        found = _SIZE.match(text)
        return float(found.group(1)) * _UNITS[found.group(2)] if found else None
    return text.strip().strip('"').lower()


def parse(raw: object, where: str, limits: tuple[str, ...] = ()) -> Condition:
    """A condition from TOML. ``where`` names file and table, ``limits`` the known thresholds.

    Raises ``InputError`` that names file, table and clause.
    """
    if isinstance(raw, str):
        return _parse_clause(raw, where, limits)
    if isinstance(raw, (list, tuple)):
        return All(parts=tuple(parse(part, where, limits) for part in raw))
    if isinstance(raw, dict) and len(raw) == 1:
        word, inner = next(iter(raw.items()))
        if word == "not":
            return Not(part=parse(inner, where, limits))
        if word in ("all", "any") and isinstance(inner, (list, tuple)):
            parts = tuple(parse(part, where, limits) for part in inner)
            return All(parts=parts) if word == "all" else AnyOf(parts=parts)
    raise InputError(
        f"{where}: `when` is {raw!r}; expected clauses in a list, or one of all, any, not with "
        f"its clauses."
    )


def _parse_clause(text: str, where: str, limits: tuple[str, ...]) -> Condition:
    if text.strip().startswith("not "):
        return Not(part=_parse_clause(text.strip()[4:], where, limits))
    found = _CLAUSE.match(text)
    if not found:
        raise InputError(
            f"{where}: the clause {text!r} cannot be read; expected a name, a comparison and a "
            f"value."
        )
    left, right = found["left"], (found["right"] or "").strip()
    operator: Any = " ".join((found["op"] or "holds").split())
    kind = NAMES.get(left)
    if kind is None:
        raise InputError(
            f"{where}: the clause {text!r} asks for {left!r}, which is not a name of the rules' "
            f"language."
        )
    fault = _explain_misuse(operator, kind, right)
    if fault:
        raise InputError(f"{where}: the clause {text!r} {fault}.")
    if operator in ("holds", "known", "unknown"):
        return Clause(left=left, operator=operator)
    if right in NAMES or right in limits:
        return Clause(left=left, operator=operator, right=(right,), named=True)
    values = (
        tuple(v.strip() for v in right.split(",")) if operator in ("in", "not in") else (right,)
    )
    for value in values:
        if not value or parse_literal(kind, value) is None:
            raise InputError(
                f"{where}: the clause {text!r} compares {left} with {value!r}; expected a {kind} "
                f"or a name."
            )
    return Clause(left=left, operator=operator, right=values)


def _explain_misuse(operator: str, kind: Kind, right: str) -> str:
    if operator in ("holds", "known", "unknown"):
        if right:
            return f"has {right!r} too much"
        return (
            f"needs a comparison: its name is a {kind}"
            if operator == "holds" and kind != "yes-no"
            else ""
        )
    if operator in ("<", "<=", ">", ">=") and kind in ("text", "list", "yes-no"):
        return f"orders a {kind}, which has no order"
    if operator == "contains" and kind not in ("text", "list"):
        return f"looks for a part of a {kind}"
    return ""


def names_in(condition: Condition) -> frozenset[str]:
    """Every name that a condition asks for."""
    if isinstance(condition, Clause):
        return frozenset((condition.left, *(condition.right if condition.named else ())))
    if isinstance(condition, Not):
        return names_in(condition.part)
    return frozenset(name for part in condition.parts for name in names_in(part))
