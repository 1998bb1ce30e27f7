"""How long until the first page is painted, beside a bare QWizard of as many pages.

Python tests/benchmarks/first_page.py [RUNS].

Every run is a fresh process, the two kinds in turn, from before Qt's import to the end of the first
paint; what the program knows is read after that paint and is not in the figure, as a person does
not wait for it. Prints medians and best of wall and processor time and their ratios; the promise is
at most 1.3. The interpreter's own start is in neither figure.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE = """
import time; wall, work = time.perf_counter(), time.process_time()
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage
app = QApplication(["bare"])
wizard = QWizard()
for n in range(8):  # as many as the program has
    page = QWizardPage(); page.setTitle(f"Page {n}"); box = QVBoxLayout(page); box.addWidget(QLabel("A few words about it."))
    wizard.addPage(page)
wizard.resize(1120, 740); wizard.show(); app.processEvents()
print(time.perf_counter() - wall, time.process_time() - work)
"""

OURS = """
import time; wall, work = time.perf_counter(), time.process_time()
import sys; sys.path.insert(0, ROOT)
from app.gui.main import application
from app.gui import languages
from app.gui.wizard import Wizard
app = application()
languages.install_language(None)
wizard = Wizard(lambda: None)
painted = []
wizard._on_first_paint = lambda: painted.append((time.perf_counter() - wall, time.process_time() - work))  # after the paint
wizard.show()
while not painted:
    app.processEvents()
assert "PySide6.QtNetwork" not in sys.modules, "the first page imports QtNetwork"
print(*painted[0])
"""


def once(program: str, cache: str) -> tuple[float, float]:
    """One fresh process; wall and processor seconds."""
    variables = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    # A program that people start has its byte code beside it; without this every run would compile
    # it again, Qt's own package being the only one that comes compiled.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    variables["PYTHONPYCACHEPREFIX"] = cache
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=variables,
    )
    wall, work = done.stdout.split()[-2:]
    return float(wall), float(work)


def main() -> int:
    """Run both kinds in turn and print both figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    programs = {
        "bare eight-page QWizard": BARE,
        "this program": OURS.replace("ROOT", repr(str(ROOT))),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory(prefix="first-page-") as cache:  # byte code of both programs
        for program in programs.values():
            once(program, cache)
        for _ in range(runs):
            for name, program in programs.items():
                times[name].append(once(program, cache))
    for at, kind in enumerate(("wall", "processor")):
        medians = {name: statistics.median(t[at] for t in found) for name, found in times.items()}
        best = {name: min(t[at] for t in found) for name, found in times.items()}
        for name in programs:
            print(
                f"{kind:9} {name:25} median {medians[name] * 1000:6.1f} ms, best "
                f"{best[name] * 1000:6.1f} ms, {runs} runs"
            )
        bare, ours = programs
        print(
            f"{kind:9} ratio {medians[ours] / medians[bare]:.2f} of medians, "
            f"{best[ours] / best[bare]:.2f} of bests "
            "(promise: at most 1.3)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
