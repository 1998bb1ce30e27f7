"""Check: attention forward and backward, torch's own and xformers', against float64."""

import importlib.util
import math
import os
import sys
import warnings
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling

# The limits are this program's own. Relative errors of output and gradients seen on a processor with
# torch 2.13.0 (2026-11-30): 3.6e-7, 4.4e-4, 3.6e-3.
LIMITS = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 3e-2}
BATCH, HEADS, LENGTH, WIDTH = 2, 4, 256, 64


def reference(torch: Any, q: Any, k: Any, v: Any, weight: Any) -> tuple[Any, tuple[Any, ...]]:
    """Causal attention written out in float64 on the processor, and its gradients."""
    q, k, v = (x.detach().double().cpu().requires_grad_() for x in (q, k, v))
    future = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    scores = (q @ k.transpose(-1, -2) / math.sqrt(WIDTH)).masked_fill(future, float("-inf"))
    out = torch.softmax(scores, -1) @ v
    return out, torch.autograd.grad(out, (q, k, v), weight.double().cpu())


def worst(torch: Any, got: Any, wanted: Any) -> float:
    """The largest relative error of output and three gradients; NaN counts as infinite."""
    pairs = [(got[0], wanted[0]), *zip(got[1], wanted[1], strict=True)]
    errors = [telling.relative_error(torch, a, b) for a, b in pairs]
    return max(math.inf if math.isnan(error) else error for error in errors)


def backends(torch: Any, q: Any, k: Any, v: Any) -> dict[str, bool]:
    """Which of torch's attention kernels this card can run, each forced once."""
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        return {}
    able = {}
    for name in ("FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION", "MATH"):
        if hasattr(SDPBackend, name):
            try:
                with (
                    warnings.catch_warnings(),
                    sdpa_kernel(getattr(SDPBackend, name)),
                    torch.no_grad(),
                ):
                    warnings.simplefilter("ignore")
                    torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
                able[name.lower()] = True
            except RuntimeError:
                able[name.lower()] = False
    return able


def with_xformers(torch: Any, q: Any, k: Any, v: Any, weight: Any) -> tuple[Any, tuple[Any, ...]]:
    """The same through xformers, whose layout is batch, length, heads, width."""
    ops = telling.need("xformers.ops")
    q, k, v = (x.detach().transpose(1, 2).contiguous().requires_grad_() for x in (q, k, v))
    out = ops.memory_efficient_attention(q, k, v, attn_bias=ops.LowerTriangularMask())
    grads = torch.autograd.grad(out, (q, k, v), weight.transpose(1, 2))
    return out.transpose(1, 2), tuple(x.transpose(1, 2) for x in grads)


def try_xformers(
    torch: Any, device: Any, tensors: tuple[Any, ...], wanted: Any, limit: float
) -> None:
    """Wrong numbers fail the check; a kernel that refuses this card does not, for Unsloth then
    takes torch's own.
    """
    if device.type == "cpu":
        telling.skipped("attention.xformers", "xformers needs a CUDA card")
        return
    if importlib.util.find_spec("xformers") is None:
        telling.skipped("attention.xformers", "xformers is not part of this profile")
        return
    number = telling.version("xformers")
    try:
        error = worst(torch, with_xformers(torch, *tensors), wanted)
    except Exception as fault:
        telling.measured(
            "attention.xformers", None, version=number, ok=False, error=telling.first_line(fault)
        )
        return
    telling.measured(
        "attention.xformers", error, "relative error", version=number, limit=limit, ok=error < limit
    )
    if not error < limit:
        raise telling.CheckFailed(
            "wrong-result",
            telling.Message(
                "xformers' attention is wrong: error {error:.2g}, allowed {limit:.2g}.",
                error=error,
                limit=limit,
            ),
        )


def check() -> None:
    """Run both attentions on the first device."""
    torch = telling.need("torch")
    device = telling.pick_device(torch)
    dtype = telling.half_type(torch, device)
    chance = torch.Generator().manual_seed(2)
    q, k, v, weight = (
        torch.randn(BATCH, HEADS, LENGTH, WIDTH, generator=chance).to(device, dtype)
        for _ in range(4)
    )
    wanted = reference(torch, q, k, v, weight)
    leaves = tuple(x.detach().clone().requires_grad_() for x in (q, k, v))
    out = torch.nn.functional.scaled_dot_product_attention(*leaves, is_causal=True)
    kind = str(dtype).removeprefix("torch.")
    limit = LIMITS[kind]
    error = worst(torch, (out, torch.autograd.grad(out, leaves, weight)), wanted)
    telling.measured(
        "attention.sdpa",
        error,
        "relative error",
        device=str(device),
        dtype=kind,
        limit=limit,
        ok=error < limit,
        backends=backends(torch, q, k, v) if device.type == "cuda" else {},
    )
    if not error < limit:
        raise telling.CheckFailed(
            "wrong-result",
            telling.Message(
                "torch's attention is wrong: error {error:.2g}, allowed {limit:.2g}.",
                error=error,
                limit=limit,
            ),
        )
    try_xformers(torch, device, (q, k, v, weight), wanted, limit)


if __name__ == "__main__":
    telling.run(check)
