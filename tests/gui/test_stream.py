"""Generators in a thread: order, faults, stopping, closing, and the toolkit's own guard."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal
from pytestqt.qtbot import QtBot

from app.gui import stream
from app.gui.stream import Stream


def test_events_arrive_in_order_in_the_windows_thread(qtbot: QtBot) -> None:
    got: list[int] = []
    threads: set[QThread] = set()

    def take(item: int) -> None:
        got.append(item)
        threads.add(QThread.currentThread())

    run = Stream(lambda: iter(range(5000)), take)
    with qtbot.waitSignal(run.ended, timeout=10_000) as ended:
        run.start()
    assert got == list(range(5000))
    assert threads == {QCoreApplication.instance().thread()}  # type: ignore[union-attr]
    assert ended.args == [None] and not run.running


def test_a_fault_comes_after_the_events_before_it(qtbot: QtBot) -> None:
    def failing() -> Iterator[str]:
        yield "first"
        raise ValueError("the disk is full")

    got: list[str] = []
    run = Stream(failing, got.append)
    with qtbot.waitSignal(run.ended, timeout=5000) as ended:
        run.start()
    assert got == ["first"]
    assert isinstance(ended.args[0], ValueError)


def test_a_function_that_cannot_even_begin_is_a_fault_too(qtbot: QtBot) -> None:
    def broken() -> Iterator[str]:
        raise OSError("no such thing")

    run = Stream(broken, lambda _item: None)
    with qtbot.waitSignal(run.ended, timeout=5000) as ended:
        run.start()
    assert isinstance(ended.args[0], OSError)


def test_stop_is_the_generators_own_matter_and_its_last_words_arrive(qtbot: QtBot) -> None:
    wish = threading.Event()

    def patient() -> Iterator[str]:
        while not wish.wait(0.005):
            yield "tick"
        yield "stopped"

    got: list[str] = []
    run = Stream(patient, got.append, stop=wish.set).start()
    qtbot.waitUntil(lambda: len(got) > 3)
    with qtbot.waitSignal(run.ended, timeout=5000):
        run.stop()
    assert got[-1] == "stopped"


def test_close_ends_and_joins_a_generator_that_would_never_end(qtbot: QtBot) -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                time.sleep(0.002)
                yield 1
        finally:
            closed.set()

    run = Stream(endless, lambda _item: None).start()
    qtbot.wait(30)
    assert run.close(5000)
    assert closed.is_set() and not run.running


def test_a_flood_is_drained_in_bounded_batches(qtbot: QtBot) -> None:
    ticks: list[int] = []
    count = 0

    def take(_item: int) -> None:
        nonlocal count
        count += 1

    run = Stream(lambda: iter(range(20_000)), take)
    drain = run._deliver_batch

    def counted() -> None:
        before = count
        drain()
        ticks.append(count - before)

    run._timer.timeout.disconnect()
    run._timer.timeout.connect(counted)
    with qtbot.waitSignal(run.ended, timeout=20_000):
        run.start()
    assert count == 20_000
    assert max(ticks) <= stream.BATCH


def test_ten_thousand_emits_lose_no_reference(qtbot: QtBot) -> None:
    """PySide6 6.12.0 on CPython 3.11 loses one of True or False at each emit and aborts after some
    dozens.
    """

    class Bell(QObject):
        rung = Signal(object)

    bell, heard = Bell(), [0]
    before = sys.getrefcount(True), sys.getrefcount(False)
    bell.rung.connect(lambda _value: heard.__setitem__(0, heard[0] + 1))
    for number in range(10_000):
        bell.rung.emit(number % 2 == 0)
    after = sys.getrefcount(True), sys.getrefcount(False)
    assert heard[0] == 10_000
    assert all(abs(b - a) < 1000 for a, b in zip(before, after, strict=True))
