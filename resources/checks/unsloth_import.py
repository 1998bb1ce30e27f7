"""Check: ``import unsloth`` and ``FastLanguageModel`` with the time it takes, torch's inductor."""

import importlib
import importlib.util
import os
import sys
import tempfile
import time
import traceback
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling


def bring_in() -> Any:
    """Import Unsloth, measure it, and return ``FastLanguageModel``. The fine-tune takes it from here too, so that one
    import serves both.
    """
    telling.measured(
        "unsloth.version", telling.version("unsloth"), zoo=telling.version("unsloth-zoo")
    )
    begin = time.perf_counter()
    try:
        import unsloth
    except Exception as fault:
        bring_in_inductor()
        raise telling.CheckFailed(
            "unsloth-import",
            telling.Message("Unsloth cannot be imported: {error}", error=telling.first_line(fault)),
            traceback.format_exc(),
        ) from fault
    telling.measured(
        "unsloth.import",
        True,
        seconds=round(time.perf_counter() - begin, 1),
        has_version=hasattr(unsloth, "__version__"),
    )
    bring_in_inductor()
    from unsloth import FastLanguageModel

    telling.measured(
        "unsloth.fast_language_model",
        callable(getattr(FastLanguageModel, "from_pretrained", None)),
    )
    return FastLanguageModel


def bring_in_inductor() -> None:
    """torch's compiler, a line of the guide's own script. Unsloth has imported most of it already;
    alone it takes seconds.
    """
    try:
        importlib.import_module("torch._inductor")
        telling.measured("torch.inductor", True)
    except Exception as fault:
        telling.measured("torch.inductor", False, error=telling.first_line(fault))


def check() -> None:
    """Unsloth has no ``__version__`` in 2024, and raises more than ImportError: both are why the
    guide's own lines fail.
    """
    if importlib.util.find_spec("unsloth") is None:
        for name in ("unsloth.import", "unsloth.version", "unsloth.fast_language_model"):
            telling.skipped(name, "Unsloth is not part of this profile")
        bring_in_inductor()
        return
    telling.pick_device(telling.need("torch"))
    with tempfile.TemporaryDirectory(prefix="unsloth_check_", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", os.path.join(folder, "compiled"))
        os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")
        bring_in()


if __name__ == "__main__":
    telling.run(check, noisy=True)
