"""Check: how fast this card is, in half a minute; a wrong result never counts as fast."""

import argparse
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling
from bench import attention, products, sensors, training, transfers
from bench.timing import Bench


def parts(bench: Bench) -> list[tuple[str, Callable[[Bench], Any]]]:
    """What is measured, in order; the top product comes again after the rest, to see whether the
    card has slowed down.
    """
    top = products.kinds(bench)[-1]
    found: list[tuple[str, Callable[[Bench], Any]]] = [
        ("transfers", transfers.link),
        ("copy", transfers.copy),
    ]
    for kind in products.kinds(bench):
        found.append((f"products in {kind}", lambda b, kind=kind: products.product(b, kind)))
    found += [
        ("products in int8", products.whole_numbers),
        ("attention", attention.attention),
        ("training", training.train),
    ]
    if bench.cuda and "bitsandbytes" in sys.modules:
        found += [
            ("training in 4 bits", lambda b: training.train(b, packed=True, steps=14, limit=3.0)),
            ("products in 4 bits", products.four_bits),
        ]
    if bench.cuda:
        found.append(
            (f"products in {top} again", lambda b: products.product(b, top, "matmul.again"))
        )
    return found


def bring_in_four_bits() -> None:
    """bitsandbytes, whose import takes 3 to 10 s: before the clock runs, so that no part is left out
    for it.
    """
    begin = time.perf_counter()
    if importlib.util.find_spec("bitsandbytes") is None:
        return
    try:
        importlib.import_module("bitsandbytes")
    except Exception as fault:  # its own check says so; the other figures do not need it
        telling.measured("bench.left_out", "parts in 4 bits", why=telling.first_line(fault))
        return
    telling.measured("bench.imports", round(time.perf_counter() - begin, 1), "s")


def one(bench: Bench, label: str, work: Callable[[Bench], Any]) -> None:
    """Measure one part. A part that does not fit the memory is told and left out; any other fault
    is the answer.
    """
    try:
        work(bench)
    except RuntimeError as fault:
        if "out of memory" not in str(fault).lower():
            raise
        telling.measured("bench.left_out", label, why="not enough free memory on the card")
    if bench.cuda:
        bench.torch.cuda.empty_cache()


def check() -> None:
    """All parts within the budget; later ones are left out, and named, where a slow card uses it
    up.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--budget",
        type=float,
        help="seconds after which no further part begins (30; 8 on a processor)",
    )
    parser.add_argument("--only", default="", help="parts whose label holds this text")
    arguments = parser.parse_args()
    torch = telling.need("torch")
    device = telling.pick_device(torch)
    telling.measured("bench.device", str(device), comparable=device.type == "cuda")
    if device.type == "cuda":
        bring_in_four_bits()
    watch = sensors.open_sensors(torch, device) if device.type == "cuda" else None
    bench = Bench(torch, device, watch)
    todo = [part for part in parts(bench) if arguments.only in part[0]]
    budget = arguments.budget or (30.0 if bench.cuda else 8.0)
    begin = time.perf_counter()
    for done, (label, work) in enumerate(todo):
        telling.progress(done, len(todo), "parts", label)
        if time.perf_counter() - begin > budget:
            telling.measured("bench.left_out", label, why="the time was used up")
            continue
        one(bench, label, work)
    telling.progress(len(todo), len(todo), "parts")
    if watch:
        watch.close()
        telling.measured(
            "bench.sensors",
            len(watch.rows),
            "samples",
            **sensors.summary([row for _, row in watch.rows]),
        )
    telling.measured("bench.seconds", round(time.perf_counter() - begin, 1), "s")
    if bench.wrong:
        raise telling.CheckFailed(
            "wrong-result",
            telling.Message(
                "The card computed wrongly under load: {wrong}. An overclock, too little "
                "power or faulty memory does that.",
                wrong=", ".join(bench.wrong),
            ),
        )


if __name__ == "__main__":
    telling.run(check)
