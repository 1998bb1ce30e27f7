"""Check: a real matrix product on each card (or the processor), in every type, against float64."""

import os
import sys
import time
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling

# The limits are this program's own. Relative errors seen on an H100 (2026-11-24): 2.3e-7, 2.1e-4,
# 1.7e-3; on a processor (torch 2.13.0, 2026-11-30): 2.5e-7 and, in bf16, 1.7e-3. A wrong kernel is
# off by far more.
LIMITS = {"float32": 1e-5, "float16": 2e-3, "bfloat16": 1.2e-2}


def types(torch: Any, device: Any) -> list[str]:
    """The types that this device is for."""
    if device.type == "cpu":
        return ["float32", "bfloat16"]
    native = torch.cuda.get_device_capability(device) >= (8, 0)
    return ["float32", "float16", "bfloat16"] if native else ["float32", "float16"]


def product(torch: Any, device: Any, kind: str) -> tuple[float, float]:
    """Relative error and seconds of one 512 x 1536 x 768 product, the first call's loading
    included.
    """
    chance = torch.Generator().manual_seed(1)
    dtype = getattr(torch, kind)
    a = torch.randn(512, 1536, generator=chance).to(dtype)
    b = torch.randn(1536, 768, generator=chance).to(dtype)
    begin = time.perf_counter()
    got = (a.to(device) @ b.to(device)).cpu()
    return telling.relative_error(torch, got, a.double() @ b.double()), time.perf_counter() - begin


def check() -> None:
    """Compute on every device and fail on the first wrong or missing answer."""
    torch = telling.need("torch")
    first = telling.pick_device(torch)
    devices = (
        [first]
        if first.type == "cpu"
        else [torch.device("cuda", i) for i in range(torch.cuda.device_count())]
    )
    wrong = []
    for device in devices:
        for kind in types(torch, device):
            error, seconds = product(torch, device, kind)
            good = error < LIMITS[kind]  # NaN is not smaller than anything
            telling.measured(
                "kernel.matmul",
                error,
                "relative error",
                device=str(device),
                dtype=kind,
                limit=LIMITS[kind],
                ok=good,
                seconds=round(seconds, 3),
            )
            if not good:
                wrong.append(f"{kind} on {device}: error {error:.2g}, allowed {LIMITS[kind]:.2g}")
    if wrong:
        raise telling.CheckFailed(
            "wrong-result",
            telling.Message(
                "A matrix product came out wrong, which points to an unstable clock, "
                "memory or driver: {wrong}.",
                wrong="; ".join(wrong),
            ),
        )


if __name__ == "__main__":
    telling.run(check)
