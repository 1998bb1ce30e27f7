"""How every check speaks: JSON lines, and an exit code.

One object a line on standard output; 0 good, 1 failed, 2 could not run.
"""

import faulthandler
import importlib
import importlib.metadata
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

BREAK = {
    "before": ""
}  # what comes before an event: a line break where libraries draw progress bars without one


class Message(str):
    """A sentence for people, in English, with the template and the values that it is made of, so
    that the window can translate it; as ``app/model/message.py``, which scripts cannot import.
    """

    __slots__ = ("text", "values")
    text: str
    values: dict[str, Any]

    def __new__(cls, text: str, /, **values: Any) -> "Message":
        made = super().__new__(cls, text.format_map(values) if values else text)
        made.text, made.values = text, values
        return made


def joined(separator: str, parts: list[Message]) -> Message:
    """Several messages in a row, each still one of its own."""
    values = {f"part{number}": part for number, part in enumerate(parts, 1)}
    return Message(separator.join(f"{{{name}}}" for name in values), **values)


class CheckFailed(Exception):
    """The check ran and its answer is no. ``code`` is a short stable name, the text one sentence
    for people.
    """

    def __init__(self, code: str, message: Message, details: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


class CannotRun(CheckFailed):
    """The check could not be made here (a file or an argument is missing): exit code 2, not a
    verdict.
    """


def tell(what: str, **fields: Any) -> None:
    """Print one event as one line."""
    text = json.dumps({"what": what, **clean(fields)}, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(BREAK["before"] + text + "\n")
    sys.stdout.flush()


def measured(name: str, value: Any, unit: str | None = None, **detail: Any) -> None:
    """One measured value; ``detail`` holds what belongs to it."""
    tell("measured", name=name, value=value, unit=unit, detail=detail)


def skipped(name: str, why: str) -> None:
    """A value that has no meaning here, and why."""
    measured(name, None, skipped=why)


def progress(done: float, total: float, unit: str = "steps", note: str = "") -> None:
    """How far the check is."""
    tell("progress", done=done, total=total, unit=unit, note=note)


def take_apart(message: Message) -> dict[str, Any]:
    """A message as JSON that it can be made of again."""
    values = {
        name: take_apart(value) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    return {"text": message.text, "values": values}


def clean(value: Any) -> Any:
    """The same value without NaN and infinity, which JSON does not know: a failing card must still
    give a report.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)


def version(name: str) -> str | None:
    """The installed version of a distribution, read from its metadata; ``None`` where it is not
    installed.
    """
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def need(module: str) -> Any:
    """Import a module; an import that fails for whatever reason is the check's answer."""
    try:
        return importlib.import_module(module)
    except Exception as fault:
        raise CheckFailed(
            "import-failed",
            Message(
                "The module {module} cannot be imported: {error}",
                module=module,
                error=first_line(fault),
            ),
            traceback.format_exc(),
        ) from fault


def wait_for_turn() -> None:
    """Where this check was started ahead, say that its imports are over and wait until it may go on:
    until the file that the variable CHECK_TURN names is there.
    """
    turn = os.environ.get("CHECK_TURN")
    if turn:
        with open(turn + ".ready", "wb"):
            pass
        while not os.path.exists(turn):
            time.sleep(0.02)


def first_line(fault: BaseException) -> str:
    """Kind and first line of an exception, at most 300 characters."""
    lines = str(fault).strip().splitlines() or [""]
    return f"{type(fault).__name__}: {lines[0]}"[:300]


def pick_device(torch: Any) -> Any:
    """The first CUDA card, else the processor. A torch built for CUDA that sees no card is a
    failure, not a choice.
    """
    if torch.version.cuda is None:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise CheckFailed(
            "cuda-not-available",
            Message(
                "torch is built for CUDA but reaches no card: the driver is missing, too "
                "old or hidden."
            ),
            reason_without_card(torch),
        )
    return torch.device("cuda", 0)


def reason_without_card(torch: Any) -> str:
    """What torch says when it is made to use a card that it does not see."""
    try:
        torch.zeros(1, device="cuda")
    except Exception as fault:
        return first_line(fault)
    return ""


def relative_error(torch: Any, got: Any, wanted: Any) -> float:
    """Norm of the difference over the norm of the reference, in float64 on the processor. NaN stays
    NaN.
    """
    got, wanted = got.detach().double().cpu(), wanted.detach().double().cpu()
    return float((got - wanted).norm() / wanted.norm())


def half_type(torch: Any, device: Any) -> Any:
    """The 16-bit type that training takes on a device: bf16 from compute capability 8.0 on, else
    fp16; fp32 on a processor."""
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16


def run(check: Callable[[], None], noisy: bool = False) -> None:
    """Run a check and leave the process with its exit code. Everything that goes wrong becomes an
    event.

    ``noisy``: libraries may leave a line open (progress bars), so that every event begins with a
    line break.
    """
    BREAK["before"] = "\n" if noisy else ""
    faulthandler.enable()  # a crash in native code prints where Python stood
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    code = 0
    try:
        check()
        tell("finished")  # exit code 0 alone proves nothing: an import can end the process with it
    except CheckFailed as fault:
        tell(
            "failed",
            code=fault.code,
            message=str(fault.message),
            template=take_apart(fault.message),
            details=fault.details or traceback.format_exc(),
        )
        code = 2 if isinstance(fault, CannotRun) else 1
    except Exception as fault:
        memory = "out of memory" in str(fault).lower()
        tell(
            "failed",
            code="cuda-out-of-memory" if memory else "check-failed",
            message=first_line(fault),
            details=traceback.format_exc(),
        )
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # libraries' threads and CUDA's teardown have no say in the answer
