"""Import once what training imports, so that caches are warm and a broken DLL shows here, with its
reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.event import AnyPayload
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
for name in sys.argv[1:]:
    began = time.perf_counter()
    made.clear()
    importlib.import_module(name)
    took = time.perf_counter() - began - sum(made)
    print(f"import {name}: {took:.1f} s; byte code of {len(made)} files: {sum(made):.1f} s", flush=True)
"""


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
    yield from run_child(
        site,
        (python, "-I", "-c", _CODE, *modules(site.profiles[step.profile])),
        "The first import",
        python=python,
        limit=900,
        extra={"HF_HUB_OFFLINE": "1"},
    )


def modules(profile: Profile) -> tuple[str, ...]:
    """What is imported, in order: Unsloth before transformers and trl, parts of which it replaces."""
    if profile.versions.unsloth and not profile.needs.gpu:
        return ("torch", "unsloth", "trl.trainer.sft_trainer")
    return ("torch", "transformers", "datasets", "peft")
