"""The training script with other settings at its head: what is saved is what is run."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping

from app.model.training import TrainingSettings

_BEGIN, _END = "# ---- Settings.", "# ---- End of the settings."
_SETTING = re.compile(r"(?P<name>[A-Z_]+) = (?P<value>.*)")


def with_settings(script: str, settings: TrainingSettings, output: str | None = None) -> str:
    """The script's text with these settings; ``output`` names another folder than the one beside it.

    Raises ``ValueError`` where the script has no setting of that name: both lists must agree.
    """
    wanted: dict[str, object] = {
        name.upper(): getattr(settings, name) for name in settings.__struct_fields__
    }
    if output is not None:
        wanted["OUTPUT"] = output
    lines = script.split("\n")
    begin = next(i for i, line in enumerate(lines) if line.startswith(_BEGIN))
    end = next(i for i, line in enumerate(lines) if line.startswith(_END))
    for number in range(begin, end):
        match = _SETTING.fullmatch(lines[number])
        if match and match["name"] in wanted:
            value = _to_literal(wanted.pop(match["name"]))
            lines[number] = f"{match['name']} = {value}{_find_comment(match['value'])}"
    if wanted:
        raise ValueError(f"the script has no setting {', '.join(wanted)}")
    return "\n".join(lines)


def settings_of(script: str) -> Mapping[str, object]:
    """The values at the head of a script, by name."""
    found: dict[str, object] = {}
    inside = False
    for line in script.split("\n"):
        inside = (inside or line.startswith(_BEGIN)) and not line.startswith(_END)
        match = _SETTING.fullmatch(line) if inside else None
        if match:
            value = match["value"]
            found[match["name"]] = ast.literal_eval(value[: len(value) - len(_find_comment(value))])
    return found


def _find_comment(value: str) -> str:
    """The remark after a value; a ``#`` inside its quotation marks is none."""
    at = value.rfind("  # ")
    while at >= 0:
        try:
            ast.literal_eval(value[:at])
        except (ValueError, SyntaxError):
            at = value.rfind("  # ", 0, at)
        else:
            return value[at:]
    return ""


def _to_literal(value: object) -> str:
    """A value as Python writes it; JSON's escapes in a text mean the same there."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
