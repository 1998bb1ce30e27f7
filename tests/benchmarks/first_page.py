"""How long until the first page is painted, beside a bare QWizard of seven pages: python tests/benchmarks/first_page.py [RUNS].

Every run is a fresh process, the two kinds in turn, from before Qt's import to the end of the first paint. Prints the medians
and their ratio; the promise is at most 1.3 (PERFORMANCE, line 6). The interpreter's own start is in neither figure.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE = """
import time; begun = time.perf_counter()
import sys
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage
app = QApplication(["bare"])
wizard = QWizard()
for n in range(7):
    page = QWizardPage(); page.setTitle(f"Page {n}"); box = QVBoxLayout(page); box.addWidget(QLabel("A few words about it.")); wizard.addPage(page)
wizard.resize(1120, 740); wizard.show(); app.processEvents(); wizard.grab()
print(time.perf_counter() - begun)
"""

OURS = """
import time; begun = time.perf_counter()
import sys
sys.path[:0] = [{root!r}, {root!r} + "/tests/gui"]
from app.gui.main import application
from app.gui import languages
from app.gui.wizard import Wizard
app = application()
languages.speak("en")
before = time.perf_counter()
from fakes import FakeSession
session = FakeSession()
begun += time.perf_counter() - before
wizard = Wizard(session); wizard._begun = True
wizard.show(); app.processEvents(); wizard.grab()
print(time.perf_counter() - begun)
assert "PySide6.QtNetwork" not in sys.modules, "the first page imports QtNetwork"
"""


def once(program: str) -> float:
    """One fresh process; seconds."""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")})
    return float(done.stdout.split()[-1])


def main() -> int:
    """Run both kinds in turn and print both medians."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    ours = OURS.format(root=str(ROOT))
    once(BARE), once(ours)  # byte code and the disk's cache
    bare_times, our_times = [], []
    for _ in range(runs):
        bare_times.append(once(BARE))
        our_times.append(once(ours))
    bare, mine = statistics.median(bare_times), statistics.median(our_times)
    print(f"bare seven-page QWizard  {bare * 1000:6.1f} ms (median of {runs}, best {min(bare_times) * 1000:.1f})")
    print(f"this program             {mine * 1000:6.1f} ms (median of {runs}, best {min(our_times) * 1000:.1f})")
    print(f"ratio                    {mine / bare:6.2f} (promise: at most 1.3)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
