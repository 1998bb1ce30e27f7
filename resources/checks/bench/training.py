"""A LoRA training step of a Llama-shaped model in plain torch.

Tokens a second, and a loss that must fall.
"""

import math
import statistics
import time
from dataclasses import dataclass
from typing import Any

from bench.timing import Bench


@dataclass(frozen=True)
class Shape:
    """Sizes of the model and of one step."""

    width: int = 2048
    inner: int = 5632
    layers: int = 8
    heads: int = 16
    kv: int = 8
    vocabulary: int = 8192
    rank: int = 16
    batch: int = 4
    length: int = 1024


def shape_for(bench: Bench) -> Shape:
    """A step that fills the device: 4096 tokens leave an H100 waiting for Python, 16384 do not."""
    if not bench.cuda:
        return Shape(128, 352, 2, 4, 2, 512, 8, 2, 64)
    if bench.free >= 22 << 30 and bench.fastest > 300:
        return Shape(batch=8, length=2048)
    return Shape() if bench.free >= 5 << 30 else Shape(batch=1)


def build(bench: Bench, shape: Shape, packed: bool) -> Any:
    """The model with random weights and LoRA on all seven projections; ``packed``: weights in 4
    bits.
    """
    torch, dtype = bench.torch, bench.half
    nn, functional = torch.nn, torch.nn.functional
    head_width = shape.width // shape.heads

    class Adapted(nn.Module):  # type: ignore[misc]
        """A frozen projection with its two small matrices."""

        def __init__(self, width: int, out: int) -> None:
            super().__init__()
            weight = (torch.randn(out, width, device=bench.device) / math.sqrt(width)).to(dtype)
            if packed:
                import bitsandbytes as bnb

                self.base = bnb.nn.Linear4bit(
                    width, out, bias=False, compute_dtype=dtype, quant_type="nf4"
                )
                self.base.weight = bnb.nn.Params4bit(
                    weight.cpu(), requires_grad=False, quant_type="nf4"
                )
                self.base = self.base.to(bench.device)
            else:
                self.base = nn.Linear(width, out, bias=False, device="meta")
                self.base.weight = nn.Parameter(weight, requires_grad=False)
            self.down = nn.Parameter(
                torch.randn(shape.rank, width, device=bench.device) / math.sqrt(width)
            )
            self.up = nn.Parameter(torch.zeros(out, shape.rank, device=bench.device))

        def forward(self, x: Any) -> Any:
            small = functional.linear(
                functional.linear(x, self.down.to(x.dtype)), self.up.to(x.dtype)
            )
            return self.base(x) + small * 2.0

    def norm(x: Any) -> Any:
        return (x.float() * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-5)).to(x.dtype)

    class Layer(nn.Module):  # type: ignore[misc]
        """Attention and feed-forward, as Llama has them."""

        def __init__(self) -> None:
            super().__init__()
            kv_width = shape.kv * head_width
            self.q, self.o = Adapted(shape.width, shape.width), Adapted(shape.width, shape.width)
            self.k, self.v = Adapted(shape.width, kv_width), Adapted(shape.width, kv_width)
            self.gate, self.lift = (
                Adapted(shape.width, shape.inner),
                Adapted(shape.width, shape.inner),
            )
            self.fall = Adapted(shape.inner, shape.width)

        def forward(self, x: Any, cos: Any, sin: Any) -> Any:
            batch, length, _ = x.shape
            half = head_width // 2

            def split(y: Any, heads: int) -> Any:
                return y.view(batch, length, heads, head_width).transpose(1, 2)

            def turn(y: Any) -> Any:
                return y * cos + torch.cat((-y[..., half:], y[..., :half]), -1) * sin

            y, copies = norm(x), shape.heads // shape.kv
            k = turn(split(self.k(y), shape.kv)).repeat_interleave(copies, 1)
            v = split(self.v(y), shape.kv).repeat_interleave(copies, 1)
            seen = functional.scaled_dot_product_attention(
                turn(split(self.q(y), shape.heads)), k, v, is_causal=True
            )
            x = x + self.o(seen.transpose(1, 2).reshape(batch, length, shape.width)) * 0.3
            y = norm(x)
            return x + self.fall(functional.silu(self.gate(y)) * self.lift(y)) * 0.3

    class Model(nn.Module):  # type: ignore[misc]
        """Embedding, layers, head; answers with the loss."""

        def __init__(self) -> None:
            super().__init__()
            table = torch.randn(2, shape.vocabulary, shape.width, device=bench.device)
            self.embedding = nn.Parameter(table[0].to(dtype), requires_grad=False)
            self.head = nn.Parameter(
                (table[1] / math.sqrt(shape.width)).to(dtype), requires_grad=False
            )
            self.layers = nn.ModuleList(Layer() for _ in range(shape.layers))

        def forward(self, ids: Any) -> Any:
            steps = torch.arange(0, head_width, 2, device=bench.device).float() / head_width
            angle = torch.outer(
                torch.arange(ids.shape[1], device=bench.device).float(), 1e4**-steps
            )
            cos, sin = (
                torch.cat((part, part), -1).to(dtype) for part in (angle.cos(), angle.sin())
            )
            x = functional.embedding(ids, self.embedding)
            for layer in self.layers:
                x = layer(x, cos, sin)
            logits = functional.linear(norm(x), self.head)[:, :-1].float()
            return functional.cross_entropy(
                logits.reshape(-1, shape.vocabulary), ids[:, 1:].reshape(-1)
            )

    return Model()


def tokens(torch: Any, shape: Shape, chance: Any, circle: Any) -> Any:
    """A circle of 61 tokens from a random start; one token in ten is random, so that the loss
    levels off above zero.
    """
    start = torch.randint(0, 61, (shape.batch, 1), generator=chance)
    ids = circle[(start + torch.arange(shape.length)) % 61]
    noise = torch.rand(ids.shape, generator=chance) < 0.1
    return torch.where(noise, torch.randint(0, shape.vocabulary, ids.shape, generator=chance), ids)


def train(bench: Bench, packed: bool = False, steps: int = 20, limit: float = 3.5) -> None:
    """Some steps, at most ``limit`` seconds; the median step counts, the first three left out."""
    torch, shape, since = bench.torch, shape_for(bench), time.perf_counter()
    torch.manual_seed(11)
    before = torch.cuda.memory_allocated() if bench.cuda else 0
    if bench.cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    model = build(bench, shape, packed)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=1e-3 if bench.cuda else 1e-2, betas=(0.9, 0.99), weight_decay=0.0
    )
    scaler = torch.amp.GradScaler("cuda") if bench.half is torch.float16 else None
    chance = torch.Generator().manual_seed(6)
    circle = torch.randperm(shape.vocabulary, generator=torch.Generator().manual_seed(5))[:61]
    losses, times = [], []
    while len(losses) < steps and (len(losses) < 8 or time.perf_counter() - since < limit):
        ids = tokens(torch, shape, chance, circle).to(bench.device)
        begin = time.perf_counter()
        loss = model(ids)
        optimizer.zero_grad(set_to_none=True)
        if scaler is None:
            loss.backward()
            optimizer.step()
        else:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        losses.append(float(loss.detach()))  # waits for the card
        times.append(time.perf_counter() - begin)
    finish(bench, shape, packed, losses, times, since, before)


def finish(
    bench: Bench,
    shape: Shape,
    packed: bool,
    losses: list[float],
    times: list[float],
    since: float,
    before: int,
) -> None:
    """Report tokens a second, spread, loss and peak memory."""
    warm = sorted(times[3:])
    middle = statistics.median(warm)
    drop = losses[0] - min(losses[-3:])
    ok = all(math.isfinite(x) for x in losses) and drop > (0.5 if bench.cuda else 0.2)
    peak = bench.torch.cuda.max_memory_allocated() - before if bench.cuda else None
    bench.report(
        "train.qlora" if packed else "train.lora",
        shape.batch * shape.length / middle,
        "tokens/s",
        ok,
        since,
        spread=(warm[int(0.75 * (len(warm) - 1))] - warm[int(0.25 * (len(warm) - 1))]) / middle,
        steps=len(losses),
        loss_first=round(losses[0], 3),
        loss_last=round(losses[-1], 3),
        peak_bytes=peak,
        tokens=shape.batch * shape.length,
        error=None if ok else f"the loss moved by {drop:.2f} only",
    )
