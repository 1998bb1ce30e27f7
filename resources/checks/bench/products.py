"""Matrix products in every type, each checked.

Against float64 as a whole, and hot products against the first, bit for bit.
"""

import importlib.util
import time
from typing import Any

from bench.timing import Bench

# The limits are this program's own. Seen on an H100 (2026-11-24): 1.6e-6 (n = 8192), 2.9e-4, 2.1e-4,
# 1.7e-3.
LIMITS = {"fp32": 1e-5, "tf32": 2e-3, "fp16": 2e-3, "bf16": 1.2e-2}
SIZES = (1024, 2048, 4096, 8192)
# Three windows after a short warm-up, in half the time: 1 to 6 % more than the long way on an H200
# at its power limit, another card of the kind gave 3 % more the long way.
BRIEF = {"warm": 0.2, "limit": 0.6}


def kinds(bench: Bench) -> list[str]:
    """The types that this device computes in by itself."""
    if not bench.cuda:
        return ["fp32"]
    return ["fp32", "tf32", "fp16", "bf16"] if bench.capability >= (8, 0) else ["fp32", "fp16"]


def torch_type(torch: Any, kind: str) -> Any:
    """tf32 is float32 whose products are computed in 19 bits."""
    return {
        "fp32": torch.float32,
        "tf32": torch.float32,
        "fp16": torch.float16,
        "bf16": torch.bfloat16,
    }[kind]


def size_for(bench: Bench, flops: float, bytes_each: int) -> int:
    """The largest size whose product takes at most 60 ms and fits a quarter of free memory."""
    if not bench.cuda:
        return 768
    fitting = [
        n for n in SIZES if 2 * n**3 / flops <= 0.06 and 3 * n * n * bytes_each <= bench.free / 4
    ]
    return max(fitting, default=SIZES[0])


def speed_guess(bench: Bench, dtype: Any) -> float:
    """FLOP/s of a product of 2048, the best of four tries (a single probe once chose too small a
    size).
    """
    torch, n = bench.torch, 2048 if bench.cuda else 512
    a, b = (torch.randn(n, n, device=bench.device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        a @ b
    return 2 * n**3 / min(bench.timer.calls(lambda: a @ b, 3) for _ in range(4))


def whole_error(torch: Any, a: Any, b: Any, c: Any, vector: Any) -> float:
    """Freivalds' test in float64: C v against A (B v). One wrong element anywhere shows."""
    rows = max(1, (64 << 20) // (8 * a.shape[1]))

    def times(matrix: Any, v: Any) -> Any:
        return torch.cat(
            [matrix[i : i + rows].double() @ v for i in range(0, matrix.shape[0], rows)]
        )

    wanted, got = times(a, times(b, vector)), times(c, vector)
    return float((got - wanted).norm() / wanted.norm())


def hot_differences(
    bench: Bench, a: Any, b: Any, c: Any, first: Any, seconds: float
) -> tuple[int, int]:
    """How many of some hot products differ from the first: cuBLAS repeats itself exactly, an
    unstable card does not.
    """
    torch = bench.torch
    count = max(4, min(24, int(0.25 / max(seconds, 1e-6))))
    bad = torch.zeros((), device=bench.device, dtype=torch.int64)
    for _ in range(count):
        torch.matmul(a, b, out=c)
        bad += (c != first).any()  # NaN differs from everything
    return int(bad), count


def product(bench: Bench, kind: str, name: str = "") -> float:
    """One type: sustained and peak TFLOP/s. Random data: zeros would run 20 % too fast. Returns the
    sustained figure.
    """
    torch, dtype = bench.torch, torch_type(bench.torch, kind)
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    try:
        n = size_for(bench, speed_guess(bench, dtype), dtype.itemsize)
        chance = torch.Generator(device=bench.device).manual_seed(3)
        a, b = (
            torch.randn(n, n, device=bench.device, dtype=dtype, generator=chance) for _ in range(2)
        )
        c = torch.full(
            (n, n), float("nan"), device=bench.device, dtype=dtype
        )  # an element left out would show
        torch.matmul(a, b, out=c)
        first = c.clone()
        one = bench.timer.calls(lambda: torch.matmul(a, b, out=c), 2)
        top = kind == kinds(bench)[-1]
        tries = 0 if name else 2 if top else 1
        peak = bench.timer.peak(lambda: torch.matmul(a, b, out=c), one, tries)
        since = time.perf_counter()
        # What is compared with more than one other figure is measured until it stays the same. The
        # others, and the second measurement, tell whether the card is 8 % slower: three windows do.
        brief = {} if top and not name else BRIEF
        took = bench.timer.sustained(lambda: torch.matmul(a, b, out=c), **brief)
        bad, tried = hot_differences(bench, a, b, c, first, took["seconds"])
        vector = torch.randn(n, 1, device=bench.device, dtype=torch.float64, generator=chance)
        error = whole_error(torch, a, b, c, vector)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False
    flops = 2 * n**3 / 1e12
    ok = error < LIMITS[kind] and bad == 0
    bench.report(
        name or f"matmul.{kind}",
        flops / took["seconds"],
        "TFLOP/s",
        ok,
        since,
        n=n,
        took=took,
        peak=max(flops / peak, flops / took["best"]),
        error=error if bad == 0 else f"{bad} of {tried} products differ",
        limit=LIMITS[kind],
        repeated=tried,
    )
    if kind in ("fp16", "bf16"):
        bench.fastest = max(bench.fastest, flops / took["seconds"])
    return flops / took["seconds"]


def whole_numbers(bench: Bench) -> None:
    """int8 with int32 sums, where torch has it for this card; the result must be exact."""
    torch = bench.torch
    if not bench.cuda or not hasattr(torch, "_int_mm") or bench.capability < (7, 5):
        return
    since, n = time.perf_counter(), 4096 if bench.free >= 4 << 30 else 2048
    chance = torch.Generator(device=bench.device).manual_seed(5)
    a, b = (
        torch.randint(-128, 127, (n, n), dtype=torch.int8, device=bench.device, generator=chance)
        for _ in range(2)
    )
    b = b.t()  # column-major, as cuBLASLt wants it
    took = bench.timer.sustained(lambda: torch._int_mm(a, b), **BRIEF)
    peak = bench.timer.peak(lambda: torch._int_mm(a, b), took["seconds"], 2)
    got = torch._int_mm(a, b)[:64].cpu()
    exact = bool(torch.equal(got.double(), a[:64].double().cpu() @ b.double().cpu()))
    work = 2 * n**3 / 1e12
    bench.report(
        "matmul.int8",
        work / took["seconds"],
        "TOP/s",
        exact,
        since,
        n=n,
        took=took,
        peak=max(work / peak, work / took["best"]),
        error=None if exact else "a whole number differs",
    )


def four_bits(bench: Bench) -> None:
    """A product with a weight packed in 4 bits (NF4), as QLoRA computes it: unpacked, then
    multiplied.
    """
    if not bench.cuda or importlib.util.find_spec("bitsandbytes") is None:
        return
    import bitsandbytes as bnb

    torch, since, n, tokens = bench.torch, time.perf_counter(), 4096, 4096
    chance = torch.Generator(device=bench.device).manual_seed(6)
    weight, x = (
        torch.randn(rows, n, device=bench.device, dtype=bench.half, generator=chance)
        for rows in (n, tokens)
    )
    packed, state = bnb.functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    with torch.no_grad():
        took = bench.timer.sustained(
            lambda: bnb.matmul_4bit(x, packed.t(), quant_state=state), **BRIEF
        )
        out = bnb.matmul_4bit(x, packed.t(), quant_state=state)[:64].double()
        exact = x[:64].double() @ bnb.functional.dequantize_4bit(packed, state).double().t()
    error = float((out - exact).norm() / exact.norm())
    bench.report(
        "matmul.nf4",
        2 * tokens * n * n / took["seconds"] / 1e12,
        "TFLOP/s",
        error < 2e-2,
        since,
        n=n,
        took=took,
        error=error,
        limit=2e-2,
    )
