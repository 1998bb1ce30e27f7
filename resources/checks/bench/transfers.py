"""Transfers: pinned memory to the card and back, and a copy on the card.

What arrives is compared byte for byte.
"""

import time
from typing import Any

from bench.timing import Bench


def pinned(torch: Any, mib: int) -> Any:
    """Page-locked memory, less of it where the system gives less."""
    while True:
        try:
            return torch.empty(mib << 20, dtype=torch.uint8, pin_memory=True)
        except RuntimeError:
            mib //= 2
            if mib < 8:
                raise


def link(bench: Bench) -> None:
    """Host to card and back. The best window counts: the median of a shared host wanders by 7 %,
    the best by 1.6 %.
    """
    if not bench.cuda:
        return
    torch, since = bench.torch, time.perf_counter()
    out = pinned(torch, 128)
    size = out.numel()
    out.view(torch.int64).copy_(torch.arange(size // 8, dtype=torch.int64) * 2654435761)
    on_card = torch.empty(size, dtype=torch.uint8, device=bench.device)
    back = torch.empty(size, dtype=torch.uint8, pin_memory=True)
    there = bench.timer.sustained(lambda: on_card.copy_(out, non_blocking=True), 0.05, 0.05)
    home = bench.timer.sustained(lambda: back.copy_(on_card, non_blocking=True), 0.05, 0.05)
    torch.cuda.synchronize()
    same = bool(torch.equal(out, back))
    for name, took in (("pcie.to_card", there), ("pcie.from_card", home)):
        bench.report(
            name,
            size / took["best"] / 1e9,
            "GB/s",
            same,
            since,
            took=took,
            mib=size >> 20,
            median=size / took["seconds"] / 1e9,
            error=None if same else "the round trip changed bytes",
        )


def copy(bench: Bench) -> None:
    """A copy within the card's memory (or main memory); bytes read and written both count."""
    torch, since = bench.torch, time.perf_counter()
    mib = (
        64
        if not bench.cuda
        else 1024
        if bench.free >= 10 << 30
        else 512
        if bench.free >= 3 << 30
        else 128
    )
    source = torch.randint(0, 255, (mib << 20,), dtype=torch.uint8, device=bench.device)
    target = torch.empty_like(source)
    took = bench.timer.sustained(lambda: target.copy_(source), 0.1, 0.1)
    same = bool(torch.equal(source, target))
    bench.report(
        "copy",
        2 * source.numel() / took["seconds"] / 1e9,
        "GB/s",
        same,
        since,
        took=took,
        mib=mib,
        error=None if same else "the copy differs",
    )
