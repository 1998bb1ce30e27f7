"""What the command line says of training: the preview for people."""

from __future__ import annotations

from typing import Any

from app.decide.datasets.recognise import count_reasons
from app.model.dataset import Dataset
from app.model.event import Measured
from app.model.training import TrainingPreview

_SHOWN = 2000  # characters of a row
_LINES = 10  # bad rows that are named one by one


def preview(found: TrainingPreview) -> str:
    """The whole preview: what was recognised, rows as the model sees them, lengths, steps, memory."""
    lines = dataset(found.dataset)
    if found.open_questions:
        lines += ["", "To be answered before training:"]
        lines += [f"  ? {question}" for question in found.open_questions]
    if found.tokens is not None:
        lines += ["", *tokens(found.tokens, found.settings.length)]
    one = found.settings
    lines += [
        "",
        f"Model: {one.model}; {one.bits} bits, rank {one.rank}, batch {one.batch} x {one.accumulate}"
        + (f" on each of {one.cards} cards." if one.cards > 1 else "."),
        f"Memory: {found.memory.text}",
    ]
    if found.seconds is not None:
        lines.append(f"Time: about {duration(found.seconds)}, as the last run here went.")
    elif found.tokens is not None:
        lines.append("Time: not known; no run of this model was measured here.")
    return "\n".join(lines)


def dataset(found: Dataset) -> list[str]:
    """What a file holds."""
    read: list[str] = [found.format]
    if found.encoding is not None:
        read.append(found.encoding.name + (" (assumed)" if found.encoding.assumed else ""))
    if found.shape:
        read.append(f"shape {found.shape}")
    lines = [f"{found.name}: {', '.join(read)}; {found.rows:,} rows can be used."]
    lines += [
        f"  column {column.name!r}: "
        + (f"used as {column.role}" if column.role else "not used")
        + f", filled in {column.filled:,} rows"
        for column in found.columns
    ]
    if found.duplicates:
        lines.append(f"  {found.duplicates:,} rows stand there more than once.")
    lines += [f"  line {row.line}: {row.reason}" for row in found.bad_rows[:_LINES]]
    if len(found.bad_rows) > _LINES:
        lines.append(f"  and {len(found.bad_rows) - _LINES:,} more rows that cannot be used:")
        lines += [f"    {count:,} x {why}" for why, count in count_reasons(found.bad_rows)[:5]]
    return lines + [f"  {note}" for note in found.notes]


def tokens(seen: dict[str, Any], context: int) -> list[str]:
    """Rows as the model sees them, with what is learnt in ``[[ ]]``; lengths and steps."""
    lines: list[str] = []
    for number, row in enumerate(seen["rows"], 1):
        text, at = "", 0
        for begin, end in row["learnt"]:
            text += f"{row['text'][at:begin]}[[{row['text'][begin:end]}]]"
            at = end
        text += row["text"][at:]
        cut = f", of which {row['cut']} are cut off" if row["cut"] else ""
        lines += [
            f"Row {number}, {row['tokens']} tokens{cut}; what is learnt stands in [[ ]]:",
            *(f"    {line}" for line in text[:_SHOWN].splitlines()),
        ]
    length = seen["length"]
    most = max([*length["counts"], 1])
    for edge, count in zip(length["edges"], length["counts"], strict=False):
        lines.append(f"  up to {edge:6} tokens {count:8,} rows {'#' * -(-40 * count // most)}")
    lines.append(
        f"{seen['training']:,} rows to train on, {seen['evaluation']:,} to measure on, "
        f"{seen['held_out']} to answer. Context {context} tokens: {seen['cut']:,} rows are longer "
        "and are cut."
    )
    lines.append(
        f"{seen['tokens']:,} tokens an epoch, {seen['learnt_tokens']:,} of them learnt; "
        f"{seen['steps']:,} steps."
    )
    lines += [
        f"Left out: {count:,} rows, because {why}." for why, count in seen["left_out"].items()
    ]
    return lines + list(seen["notes"])


def measured(what: Measured) -> str:
    """What people are told of a value while a run or an export goes on; empty for the others."""
    detail = what.detail
    words = {
        "train.loss": lambda: _loss(what),
        "train.evaluation_loss": lambda: f"    step {detail.get('step')}: evaluation loss {what.value:.4f}",
        "train.data": lambda: f"    {what.value:,} rows to train on, {detail['steps']:,} steps",
        "train.checkpoint": lambda: f"    checkpoint at step {what.value}",
        "train.stopped": lambda: f"    stopped at step {what.value}; a checkpoint is written",
        "train.answer": lambda: (
            f"Question: {detail['question']}\n  expected: {detail['expected']}\n"
            f"  before:   {detail['before']}\n  after:    {what.value}"
        ),
        "train.adapter": lambda: f"The adapter lies in {what.value}",
        "train.smaller": lambda: "  Or: " + " ".join(
            f"--{name} {value}" for name, value in what.value.items()
        ) + f" (costs {detail.get('costs')})",
        "train.note": lambda: f"    {what.value}",
    }  # fmt: skip
    try:
        return words[what.name]() if what.name in words else ""
    except (KeyError, TypeError, ValueError, AttributeError):  # a script of another version
        return ""


def _loss(what: Measured) -> str:
    told, memory = what.detail, what.detail.get("memory")
    parts = [
        f"step {told.get('step')}: loss {what.value:.4f}",
        f"{told.get('tokens_per_s') or 0:.0f} tokens/s",
        f"{duration(told.get('seconds_left') or 0)} left",
        *([f"{memory / 2**30:.1f} GB on the card"] if memory else []),
        *([f"{told['temperature']} °C"] if told.get("temperature") is not None else []),
    ]
    return "    " + ", ".join(parts)


def duration(seconds: float) -> str:
    """A time for people: ``40 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
