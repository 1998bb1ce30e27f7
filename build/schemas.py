"""Writes the JSON schemas of the files that other programs read or write.

Python build/schemas.py [--check].
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.model.advice import Diagnosis  # noqa: E402  (the path to the package comes first)
from app.model.answers import Answers  # noqa: E402
from app.model.machine import MachineFacts  # noqa: E402
from app.model.pointer import Pointer  # noqa: E402
from app.model.report import Summary  # noqa: E402
from app.model.result import Result  # noqa: E402
from app.model.status import Status  # noqa: E402
from app.model.training import TrainingPreview  # noqa: E402
from app.model.verdict import Verification  # noqa: E402

TYPES: dict[str, Any] = {
    "answers": Answers,
    "machine": MachineFacts,
    "diagnosis": Diagnosis,
    "verification": Verification,
    "pointer": Pointer,
    "report": Summary,
    "result": Result,
    "status": Status,
    "training-preview": TrainingPreview,
}


def _unwrap(part: Any) -> Any:
    """The same schema with each description on one line: where a docstring wraps is no news."""
    if isinstance(part, dict):
        return {
            key: " ".join(value.split())
            if key == "description" and isinstance(value, str)
            else _unwrap(value)
            for key, value in part.items()
        }
    return [_unwrap(item) for item in part] if isinstance(part, list) else part


def schemas() -> dict[str, bytes]:
    """File name to content."""
    made = {}
    for name, kind in TYPES.items():
        schema = _unwrap(msgspec.json.schema(kind)) | {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"{name}/1",
        }
        made[f"{name}.json"] = (
            msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=1) + b"\n"
        )
    return made


def main() -> int:
    """Write them, or with ``--check`` say which are not up to date."""
    folder = ROOT / "resources" / "schemas"
    stale = [
        name
        for name, data in schemas().items()
        if not (folder / name).exists() or (folder / name).read_bytes() != data
    ]
    if "--check" in sys.argv:
        print("stale: " + ", ".join(stale) if stale else "schemas are up to date")
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in schemas().items():
        (folder / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
