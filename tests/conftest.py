"""What every test shares: no display, no network, and the count of faults.

The network is there only where a test asks for it.

A test marked ``fault`` is one fault that was tried, and survived when it passes; a test that tries
many adds them to ``faults`` itself. A test that measures something adds a sentence to ``figures``.
The closing summary of pytest names them all, so nobody has to believe a sentence.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests import fuzzing

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


class Faults:
    """How many faults were tried and survived, by kind (``kills``, ``index``, …)."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.survived: Counter[str] = Counter()

    def add(self, kind: str, survived: bool) -> None:
        """Count one fault."""
        self.tried[kind] += 1
        self.survived[kind] += survived

    def __str__(self) -> str:
        kinds = ", ".join(
            f"{kind} {self.survived[kind]} of {count}" for kind, count in sorted(self.tried.items())
        )
        return f"Faults: tried {self.tried.total()}, survived {self.survived.total()} ({kinds})"


_FAULTS = pytest.StashKey[Faults]()
_FIGURES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--long``: the trials that a run in CI has no time for (more kills, more fuzzing)."""
    parser.addoption(
        "--long",
        action="store_true",
        help="also the long trials, with -o faulthandler_timeout=0",
    )
    parser.addoption("--release", action="store_true", help="also what only a release must hold")


# Folders and files that took over five seconds each in November 2026, all their tests together: they
# start the program, draw many windows, or try hundreds of inputs. ``--quick`` leaves them out.
SLOW = (
    *(
        "tests/journeys/",
        "tests/deploy/",
        "tests/test_report",
        "tests/adapters/test_hostile_server.py",
    ),
    *("tests/adapters/test_processes.py", "tests/adapters/test_web.py"),
    *("tests/architecture/test_messages.py", "tests/architecture/test_walls.py"),
    *("tests/cli/test_administrator.py", "tests/cli/test_bytes.py", "tests/cli/test_commands.py"),
    *("tests/cli/test_streams.py", "tests/decide/diagnosis/test_collection.py"),
    *("tests/decide/diagnosis/test_explain.py", "tests/decide/findings/test_ranking.py"),
    *("tests/decide/redaction/", "tests/engine/test_load_machine.py"),
    *("tests/engine/test_simulation.py", "tests/engine/test_training_runs.py"),
    *("tests/engine/test_updates.py", "tests/gui/test_atspi.py", "tests/gui/test_headings.py"),
    *("tests/gui/test_layout_defects.py", "tests/gui/test_ready.py", "tests/test_machine_file.py"),
    *("tests/gui/test_home.py", "tests/gui/test_install.py", "tests/gui/test_mnemonics.py"),
    *("tests/gui/test_monkeys.py", "tests/gui/test_replay.py", "tests/gui/test_text_clipping.py"),
    *("tests/gui/test_train.py", "tests/gui/test_wizard.py", "tests/steps/test_environment.py"),
    *("tests/steps/test_fetch_wheels.py", "tests/steps/test_ownership.py"),
    *("tests/steps/test_unpacking.py", "tests/training/test_train_script.py"),
)

# Trials that install again and again from an index served here: a quarter of the suite's time.
# ``--core`` leaves them out.
INDEX = (
    *("tests/adapters/test_killed_fetch.py", "tests/deploy/test_administrators_page.py"),
    *("tests/journeys/test_fleet_bundle.py", "tests/journeys/test_own_packages.py"),
    "tests/journeys/test_secrets.py",
)


@pytest.hookimpl(tryfirst=True)  # before -m is asked
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark by their place what is slow and what installs much. Between releases a missing translation falls back to English
    and fails nothing.
    """
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        if item.nodeid.startswith(INDEX):
            item.add_marker(pytest.mark.index)
    if config.getoption("--release"):
        return
    for item in items:
        if item.get_closest_marker("release"):
            item.add_marker(pytest.mark.skip(reason="only a release must hold it: --release"))


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known and start the count."""
    config.addinivalue_line(
        "markers",
        "fault(kind): one fault; the closing summary counts it as survived when the test passes",
    )
    fuzzing.FACTOR = fuzzing.LONG if config.getoption("--long") else 1
    config.stash[_FAULTS] = Faults()
    config.stash[_FIGURES] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """A marked test that ran is a fault that was tried; skipped ones are none."""
    outcome = yield
    report = outcome.get_result()
    mark = item.get_closest_marker("fault")
    if mark is not None and call.when == "call" and not report.skipped:
        item.config.stash[_FAULTS].add(mark.args[0], report.passed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of a parallel run hands its count to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        counted = session.config.stash[_FAULTS]
        output["faults"] = [dict(counted.tried), dict(counted.survived)]
        figures: list[str] = session.config.stash[_FIGURES]
        output["figures"] = figures


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """The controller of a parallel run adds up what its workers counted."""
    output = getattr(node, "workeroutput", {})
    config: pytest.Config | None = getattr(node, "config", None)
    if config is None:
        return
    tried, survived = output.get("faults", [{}, {}])
    config.stash[_FAULTS].tried.update(tried)
    config.stash[_FAULTS].survived.update(survived)
    figures: list[str] = output.get("figures", [])
    config.stash[_FIGURES].extend(figures)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The figures, whatever else was asked for on the command line."""
    counted = config.stash[_FAULTS]
    if counted.tried:
        terminalreporter.write_line(str(counted))
    for sentence in config.stash[_FIGURES]:
        terminalreporter.write_line(sentence)


@pytest.fixture(scope="session")
def faults(request: pytest.FixtureRequest) -> Faults:
    """The count, for tests that try many faults in one go."""
    return request.config.stash[_FAULTS]


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Sentences with what was measured, for the closing summary."""
    return request.config.stash[_FIGURES]
