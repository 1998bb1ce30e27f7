"""What a comment of code names did not happen; what a run printed beside it did."""

from __future__ import annotations

import pytest

from app.decide.diagnosis.code_comments import find_comments
from app.decide.diagnosis.explain import explain
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

FULL = "no space left on device"
COMMENTS = {
    "Dockerfile": f"FROM debian:13\n# else: {FULL}\nRUN pip install torch\n",
    "behind a command": f"FROM debian:13\nRUN apt-get clean \\\n && rm -rf /x   # {FULL}\n",
    "shell": f"set -e\n# OSError: {FULL}\nexport TMPDIR=/big\n",
    "YAML": f"cache:\n  # OSError: {FULL}\n  folder: /big\n",
    "TOML": f"[cache]\n# OSError: {FULL}\nfolder = '/big'\n",
    "Python": f"import os\n# OSError: {FULL}\nos.makedirs('/big')\n",
    "docstring": f'def save(x):\n    """OSError: {FULL} is raised."""\n    return x\n',
    "C": f"int a(void) {{\n    // OSError: {FULL}\n    return 1;\n}}\n",
    "block": f"/* OSError:\n   {FULL} */\nint x;\n",
    "frame of a notebook": f"---> 12     save(x)\n     13     # OSError: {FULL}\n",
    "requirements": f"torch==2.8.0\n# OSError: {FULL}\npeft\n",
    "a line that no one runs": f"0 3 * * * /usr/bin/save  # {FULL}\n",
    "settings of Windows": f"[cache]\n; OSError: {FULL}\nfolder = D:\n",
    "PowerShell": f"<#\n OSError: {FULL}\n#>\npython train.py\n",
    "conda": f"dependencies:\n  - python=3.11\n  # OSError: {FULL}\n  - pytorch=2.5\n",
    "batch": f"set TEMP=D:\\t\nrem OSError: {FULL}\npython train.py\n",
}
PRINTED = {
    "BuildKit": f"#12 4.51 OSError: {FULL}\n#12 ERROR: process did not complete\n",
    "root's prompt": f"# python save.py\nOSError: [Errno 28] {FULL}\n",
    "report in Markdown": f"# What happened\n\nOSError: [Errno 28] {FULL}\n",
    "a script and its run": f"$ cat s.sh\nset -e\n# keep TMPDIR\nexport TMPDIR=/big\n$ sh s.sh\nOSError: [Errno 28] {FULL}\n",
    "a log's own sign": f"2027-01-03 10:00:00 disk # 3 of 4: {FULL}\n",
    "frame with a comment": 'Traceback (most recent call last):\n  File "/w/a.py", line 1, in <module>\n'
    f"    save(x)  # noqa\nOSError: [Errno 28] {FULL}\n",
}


@pytest.mark.parametrize("text", COMMENTS.values(), ids=COMMENTS)
def test_a_comment_of_code_is_no_cause(text: str) -> None:
    assert explain(text, KNOWN_ISSUES).cause is None
    at = text.index(FULL)
    assert any(start <= at < end for start, end in find_comments(text.lower()))


@pytest.mark.parametrize("text", PRINTED.values(), ids=PRINTED)
def test_what_a_run_printed_stays(text: str) -> None:
    found = explain(text, KNOWN_ISSUES)
    assert (found.cause, found.confidence) == ("disk_full", "certain")
