"""Import once what training imports, so that caches are warm and a broken DLL shows here, with its
reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.event import AnyPayload
from app.model.plan import FirstImport
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

_CODE = """import importlib, sys, time
for name in sys.argv[1:]:
    began = time.time()
    importlib.import_module(name)
    print(f"import {name}: {time.time() - began:.1f} s", flush=True)
"""


def done(step: FirstImport, site: StepContext) -> str | None:
    """Never skipped: an import is the only proof that it still works, and warm it takes seconds."""
    return None


def run(step: FirstImport, site: StepContext) -> Iterator[AnyPayload]:
    """``python -c "import torch, transformers, peft, trl"``. ``import unsloth`` needs a card: its
    own check does that.
    """
    python = site.place.environment_python(step.environment)
    yield say("the first import reads thousands of files and may take a minute")
    yield from run_child(
        site,
        (python, "-I", "-c", _CODE, "torch", "transformers", "datasets", "peft"),
        "The first import",
        python=python,
        limit=900,
        extra={"HF_HUB_OFFLINE": "1"},
    )
