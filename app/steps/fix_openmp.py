"""Puts the OpenMP file that torch 2.4.0's fbgemm.dll asks for beside it, on Windows.

From the wheel's own copy.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.errors import ExpectedError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import FixOpenmp
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_WANTED, _SOURCE = "libomp140.x86_64.dll", "libiomp5md.dll"


def _library_paths(step: FixOpenmp, site: StepContext) -> tuple[str, str]:
    library = site.place.join(
        site.place.environment(step.environment), "Lib", "site-packages", "torch", "lib"
    )
    return site.place.join(library, _SOURCE), site.place.join(library, _WANTED)


def done(step: FixOpenmp, site: StepContext) -> str | None:
    """Found when the file lies beside torch's libraries."""
    _, wanted = _library_paths(step, site)
    return Message("{file} is there.", file=_WANTED) if site.system.files.exists(wanted) else None


def run(step: FixOpenmp, site: StepContext) -> Iterator[AnyPayload]:
    """Copy ``torch\\lib\\libiomp5md.dll`` to ``torch\\lib\\libomp140.x86_64.dll`` inside the
    environment.

    The wheel of torch 2.4.0 does not bring the file that its ``fbgemm.dll`` imports (WinError 126,
    pytorch #131662; mended upstream in 2.4.1). With the copy, import, matrix product and a
    quantised layer run (seen with the processor wheel under Wine; not yet with the cu121 wheel on a
    real PC).
    """
    source, wanted = _library_paths(step, site)
    if not site.system.files.exists(source):
        raise ExpectedError(
            "torch_dll_libomp_missing",
            Message(
                "torch's {source} was not found, so {file} cannot be made from it.",
                source=_SOURCE,
                file=_WANTED,
            ),
            details=source,
            hint=Message("Take a profile with a newer torch."),
        )
    site.record("made", {"path": wanted})
    site.system.files.copy(source, wanted)
    yield say(
        f"{_SOURCE} copied to {_WANTED}: torch 2.4.0's fbgemm.dll asks for that name and the "
        f"wheel lacks it"
    )
