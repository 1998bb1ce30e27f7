"""Imports once what training imports.

So caches are warm and a broken DLL shows here, with its reason.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from app.model import limits
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Line
from app.model.message import Message
from app.model.plan import FirstImport
from app.model.profile import Profile
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

_CODE = """import importlib.machinery, sys, time
loader, made = importlib.machinery.SourceFileLoader, []
translate = loader.source_to_code
def timed(self, *source, **how):
    began = time.perf_counter()
    code = translate(self, *source, **how)
    made.append(time.perf_counter() - began)
    return code
loader.source_to_code = timed
for name in sys.argv[2:]:
    began = time.perf_counter()
    made.clear()
    importlib.import_module(name)
    took = time.perf_counter() - began - sum(made)
    print(f"import {name}: {took:.1f} s; byte code of {len(made)} files: {sum(made):.1f} s", flush=True)
print(f"all imported {sys.argv[1]}", flush=True)
"""
_TAIL = 60_000
# An import can end the process with exit code 0: only this line proves that all went well.
_PROOF = b"all imported "


def done(step: FirstImport, site: StepContext) -> str | None:
    """Never skipped: an import is the only proof that it still works, and warm it takes seconds."""
    return None


def run(step: FirstImport, site: StepContext) -> Iterator[AnyPayload]:
    """``python -c "import torch, transformers, datasets, peft"``; where no card is needed
    ``torch, unsloth`` and the trainer. With a card ``import unsloth`` takes hold of it: its own
    check does that.
    """
    python = site.place.environment_python(step.environment)
    yield say("the first import reads thousands of files and may take a minute")
    token = secrets.token_hex(8)
    end = b""
    for what in run_child(
        site,
        (python, "-I", "-c", _CODE, token, *modules(site.profiles[step.profile])),
        Message("The first import"),
        python=python,
        limit=limits.FIRST_IMPORT,
        extra={"HF_HUB_OFFLINE": "1"},
    ):
        if isinstance(what, Line):
            end = (end + what.text)[-_TAIL:]
        yield what
    if _PROOF + token.encode() not in end:
        raise ExpectedError(
            "child-failed",
            Message(
                "The first import failed (it ended before all was imported, with exit code 0)."
            ),
            details=end.decode("utf-8", "replace"),
        )


def modules(profile: Profile) -> tuple[str, ...]:
    """What is imported, in order: Unsloth before transformers and trl, parts of which it replaces."""
    if profile.versions.unsloth and not profile.needs.gpu:
        return ("torch", "unsloth", "trl.trainer.sft_trainer")
    return ("torch", "transformers", "datasets", "peft")
