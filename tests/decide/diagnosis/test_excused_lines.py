"""What looks like a failure and is none of the run stays unnamed; the same failure alone is named."""

from __future__ import annotations

import pytest

from app.decide.diagnosis.explain import explain
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

FULL = "OSError: [Errno 28] No space left on device\n"
MISSING = (
    "Traceback (most recent call last):\n"
    '  File "/srv/ft/train.py", line 6, in <module>\n'
    "    import sentencepiece\n"
    "ModuleNotFoundError: No module named 'sentencepiece'\n"
)
ENDED_WELL = "{'train_runtime': 388.0, 'train_loss': 1.93, 'epoch': 2.0}\nsaved to out/tiny\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#1 [internal] load\n#1 DONE 0.1s\n#7 [4/7] RUN fetch || true\n#7 3.3 ", "#7 DONE 3.6s\n"),
        ("$ python warm.py || true\n", "$ python train.py\n" + ENDED_WELL),
        ("+ set -euo pipefail\n+ python3 warm.py\n", "+ true\n+ echo ready\nready\n"),
        ("[10:05] Priya: and Ben's ", "[10:06] Tom: moved to /data\n"),
        ("**Q: ", "A: make room.\n"),
        (
            "diff --git a/g.py b/g.py\n@@ -4,2 +4,2 @@ def save():\n-    old()\n+    ",
            "\nApproved.\n",
        ),
        ("$ python train.py\n", "$ python train.py\n" + ENDED_WELL),
    ],
    ids=["buildkit", "allowed", "traced", "chat", "question", "diff", "repeated"],
)
def test_a_failure_that_is_none_of_the_run_is_not_named(before: str, after: str) -> None:
    assert explain(before + FULL + after, KNOWN_ISSUES).cause is None


@pytest.mark.parametrize(
    "log",
    [
        "#1 [internal] load\n#1 DONE 0.1s\n#7 [4/7] RUN fetch\n#7 3.3 "
        + FULL
        + "#7 ERROR: exit code: 1\n",
        "$ python warm.py\n" + FULL,
        "+ set -euo pipefail\n+ python3 warm.py\n" + FULL,
        "[10:05:01] INFO: saving\n[10:05:02] ERROR: " + FULL,
        "$ python train.py\n" + ENDED_WELL + "$ python train.py\n" + FULL,
        "$ python optional.py || true\n$ python train.py\n" + FULL,
    ],
    ids=["buildkit", "prompt", "traced", "logger", "fails at last", "after an allowed one"],
)
def test_the_failure_of_the_run_itself_is_named(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause == "disk_full"


def test_what_was_missing_and_then_installed_is_not_named() -> None:
    again = "$ python train.py\n" + ENDED_WELL
    log = f"$ python train.py\n{MISSING}$ pip install -q sentencepiece\n{again}"
    assert explain(log, KNOWN_ISSUES).cause is None
    assert explain(f"$ python train.py\n{MISSING}", KNOWN_ISSUES).cause == "module_missing"
