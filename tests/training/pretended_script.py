"""Stands in for the training script where no Unsloth is.

The same options, events, files and exit codes, no model.

Counts steps and tells of each; ``PRETEND`` (a JSON object) says how: ``steps``, ``seconds`` of each,
``memory`` of a card, ``fail`` with an exit code,
``deaf`` for one that hears no stop.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

# ---- Settings. Each is also an option: LEARNING_RATE is --learning-rate. ----
MODEL = "a model"  # a folder, or a name on the Hugging Face hub
MODELS = ""
DATA = "data.jsonl"
OUTPUT = "output"
EPOCHS = 3.0  # how often each row is seen
MAX_STEPS = 0
LENGTH = 2048
BATCH = 2
ACCUMULATE = 4
RANK = 16
ALPHA = 16
LEARNING_RATE = 2e-4
BITS = 4
LEARN = "answers"
EVALUATE = 0.05
CHECKPOINT_MINUTES = 10.0
SEED = 3407
CARDS = 1
# ---- End of the settings. ----

HERE = os.path.dirname(os.path.abspath(__file__))


def tell(what: str, **fields: Any) -> None:
    print(json.dumps({"what": what, **fields}), flush=True)


def write(path: str, value: Any) -> None:
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(path + ".part", path)


def main() -> int:
    parser = argparse.ArgumentParser()
    for flag in ("json", "preview", "resume", "check-resume", "overwrite"):
        parser.add_argument(f"--{flag}", action="store_true")
    for name in ("data", "stop-file"):
        parser.add_argument(f"--{name}")
    wishes, _ = parser.parse_known_args()
    how: dict[str, Any] = json.loads(os.environ.get("PRETEND") or globals().get("PRETEND", "{}"))
    data = wishes.data or os.path.join(HERE, DATA)
    rows = Path(data).read_text(encoding="utf-8").splitlines()
    if wishes.preview:
        shown = [
            {"text": row, "learnt": [[len(row) // 2, len(row)]], "tokens": len(row), "cut": 0}
            for row in rows[:3]
        ]
        seen = {"rows": shown, "training": len(rows), "evaluation": 0, "held_out": 0, "left_out": {}, "cut": 0, "notes": [],
                "length": {"context": LENGTH, "median": 1, "longest": 1, "edges": [1], "counts": [len(rows)]},
                "tokens": 10 * len(rows), "learnt_tokens": 5, "steps": 4}  # fmt: skip
        tell("measured", name="train.preview", value=len(rows), detail=seen)
        return 0
    output = os.path.join(HERE, OUTPUT)
    path = os.path.join(output, "run.json")
    mark = hashlib.sha256(Path(data).read_bytes()).hexdigest()
    earlier = json.loads(Path(path).read_text("utf-8")) if os.path.exists(path) else None
    if wishes.check_resume or wishes.resume:
        if earlier is None:
            tell("failed", code="no-run", message="There is no run.")
            return 2
        if earlier["data"] != mark:
            tell(
                "failed",
                code="differs",
                message="This run cannot be gone on with: the data are others.",
            )
            return 2
        if wishes.check_resume:
            tell("measured", name="train.resumable", value=earlier["step"])
            return 0
    elif os.path.isdir(output) and os.listdir(output) and not wishes.overwrite:
        tell("failed", code="output-not-empty", message="The folder is not empty.")
        return 2
    begin: int = earlier["step"] if wishes.resume and earlier is not None else 0
    os.makedirs(output, exist_ok=True)
    total = how.get("steps", 4)
    run: dict[str, Any] = {"state": "running", "step": begin, "total": total, "data": mark}
    write(path, run)
    variables = {name: os.environ[name] for name in sorted(os.environ)}
    tell("measured", name="pretended.environment", detail=variables)
    tell("measured", name="train.steps", value=total, detail={"begin": begin})
    if "fail" in how:
        tell("failed", code="memory-full", message="The memory is full.", hint="Take --batch 1.")
        smaller = {"batch": 1, "accumulate": 8}
        tell("measured", name="train.smaller", value=smaller, detail={"costs": "a little speed"})
        write(path, {**run, "state": "failed"})
        return int(how["fail"])
    for step in range(begin + 1, total + 1):
        time.sleep(how.get("seconds", 0))
        speed = {
            "tokens_per_s": 100.0,
            "seconds_left": 60.0 * (total - step),
            "memory": how.get("memory"),
        }
        tell("measured", name="train.loss", value=1 / step, detail={"step": step, **speed})
        if step % 2 == 0:
            tell("measured", name="train.evaluation_loss", value=2 / step, detail={"step": step})
        tell("progress", done=step, total=total, unit="steps")
        run["step"] = step
        write(path, run)
        if os.path.exists(wishes.stop_file or "") and not how.get("deaf"):
            os.remove(wishes.stop_file)
            tell("measured", name="train.stopped", value=step)
            write(path, {**run, "state": "stopped"})
            return 6
    detail = {"question": rows[0], "expected": rows[0], "before": "", "answer": rows[-1]}
    tell("measured", name="train.answer", value=rows[-1], detail=detail)
    tell(
        "measured",
        name="train.data",
        value=len(rows),
        detail={"rows": rows, "left_out": {rows[0]: 2}, "steps": total},
    )
    os.makedirs(os.path.join(output, "adapter"), exist_ok=True)
    write(os.path.join(output, "adapter", "adapter_config.json"), {})
    asked = {"question": "What is it?", "expected": "It is 3."}
    old, new = {**asked, "answer": "I do not know."}, {**asked, "answer": "It is three."}
    done = {"state": "finished", "tokens_per_s": 100.0, "answers_before": [old]}
    write(path, {**run, **done, "answers_after": [new]})
    detail = {**new, "before": old["answer"]}
    tell("measured", name="train.answer", value=new["answer"], detail=detail)
    tell("measured", name="train.adapter", value=os.path.join(output, "adapter"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
