"""What verification concludes, schema ``verification/1``."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from app.model.stored_messages import MessageParts
from app.model.value import Value

Overall = Literal["works", "works_slowly", "broken", "not_checked"]
ComparisonResult = Literal["same", "explained", "below", "different", "missing"]


class Comparison(Value, frozen=True, kw_only=True):
    """One line of the guide's expected output: what it says, what is right here, what came out, and
    why.
    """

    check: str
    title: str = ""
    guide: str
    expected: str
    actual: str | None
    result: ComparisonResult
    why: str = ""
    evidence: str = ""


class Bench(Value, frozen=True, kw_only=True):
    """One benchmark figure against the reference of this very card. ``spread`` is relative (0.01 is
    1 %).
    """

    name: str
    title: str = ""
    value: float | None
    unit: str
    spread: float | None = None
    reference: float | None = None
    ratio: float | None = None
    result: Literal["as_expected", "below", "not_compared", "wrong"] = "not_compared"
    note: str = ""


class FineTune(Value, frozen=True, kw_only=True):
    """The first fine-tune. Losses are nats a token; ``peak_vram`` bytes (main memory on a
    processor).
    """

    steps: int
    loss_first: float | None
    loss_last: float | None
    tokens_per_s: float | None
    peak_vram: int | None
    reloaded_equal: bool | None
    losses: tuple[float, ...] = ()
    device: str = ""
    trainer: str = ""
    passed: bool = False


class TrainedCard(Value, frozen=True, kw_only=True):
    """One of several cards that trained together: its id as the driver gives it, and the product of
    matrices that it computed before, which came out right where ``ok``. ``peak_vram`` is bytes.
    """

    name: str
    id: str = ""
    product: float | None = None
    unit: str = ""
    ok: bool = True
    peak_vram: int | None = None


class SeveralCards(Value, frozen=True, kw_only=True):
    """A fine-tune on several equal cards at once. ``equal``: all held the same weights afterwards.
    ``why`` says what went wrong, where it did not pass; one card has trained all the same.
    """

    cards: tuple[TrainedCard, ...] = ()
    processes: int = 0
    steps: int = 0
    loss_first: float | None = None
    loss_last: float | None = None
    tokens_per_s: float | None = None
    equal: bool | None = None
    losses: tuple[float, ...] = ()
    device: str = ""
    trainer: str = ""
    passed: bool = False
    why: str = ""


class Remark(Value, frozen=True, kw_only=True):
    """Something to know about the result, said plainly (a narrow slot, a power limit, a load on the
    card).
    """

    severity: Literal["blocks", "warns", "informs"]
    title: str
    detail: str


class Verification(Value, frozen=True, kw_only=True):
    """The whole result. ``telemetry`` holds samples of clocks, temperature and power taken beside
    the benchmark; ``messages``, in a file, what its sentences are made of.
    """

    schema: Literal["verification/1"] = "verification/1"
    overall: Overall = "not_checked"
    device: str = ""
    profile: str = ""
    environment: str = ""
    seconds: float | None = None
    comparisons: tuple[Comparison, ...] = ()
    benchmark: tuple[Bench, ...] = ()
    fine_tune: FineTune | None = None
    several_cards: SeveralCards | None = None
    remarks: tuple[Remark, ...] = ()
    telemetry: tuple[dict[str, Any], ...] = ()
    messages: tuple[MessageParts, ...] | msgspec.UnsetType = msgspec.UNSET
