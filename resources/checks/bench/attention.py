"""Attention: torch's own, causal, forward alone and forward with backward.

The last rows against float64.
"""

import math
import time
from typing import Any

from bench.timing import Bench


def rows_error(torch: Any, q: Any, k: Any, v: Any, out: Any) -> float:
    """The last 64 queries of two heads, written out in float64 on the processor; NaN counts as
    infinite.
    """
    length, width = q.shape[-2:]
    last, largest = min(64, length), 0.0
    future = torch.arange(length)[None, :] > torch.arange(length - last, length)[:, None]
    for batch, head in ((0, 0), (q.shape[0] - 1, q.shape[1] - 1)):
        q0, k0, v0, o0 = (x[batch, head].detach().double().cpu() for x in (q, k, v, out))
        scores = (q0[-last:] @ k0.T / math.sqrt(width)).masked_fill(future, float("-inf"))
        wanted = torch.softmax(scores, -1) @ v0
        error = float((o0[-last:] - wanted).norm() / wanted.norm())
        largest = max(largest, math.inf if math.isnan(error) else error)
    return largest


def attention(bench: Bench) -> None:
    """4 x 16 heads x 2048 tokens x 128 on a card; a toy on a processor. A causal mask halves the
    work.
    """
    torch, since = bench.torch, time.perf_counter()
    shape = (4 if bench.free >= 6 << 30 else 1, 16, 2048, 128) if bench.cuda else (1, 4, 512, 64)
    q, k, v = (
        torch.randn(*shape, device=bench.device, dtype=bench.half, requires_grad=True)
        for _ in range(3)
    )
    weight = torch.randn(*shape, device=bench.device, dtype=bench.half)
    attend = torch.nn.functional.scaled_dot_product_attention

    def forward() -> Any:
        with torch.no_grad():
            return attend(q, k, v, is_causal=True)

    def both() -> None:
        torch.autograd.grad(attend(q, k, v, is_causal=True), (q, k, v), weight)

    one = bench.timer.sustained(forward, 0.1)
    two = bench.timer.sustained(both, 0.15)
    error = rows_error(torch, q, k, v, forward())
    work = 4 * shape[0] * shape[1] * shape[2] ** 2 * shape[3] / 2 / 1e12
    shared = {"error": error, "limit": 2e-2, "shape": list(shape)}
    bench.report(
        "attention.forward",
        work / one["seconds"],
        "TFLOP/s",
        error < 2e-2,
        since,
        took=one,
        **shared,
    )
    bench.report(
        "attention.both",
        3.5 * work / two["seconds"],
        "TFLOP/s",
        error < 2e-2,
        since,
        took=two,
        **shared,
    )
