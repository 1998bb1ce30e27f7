"""What talks about an error is no evidence; the same error that a run printed beside it is."""

from __future__ import annotations

import pytest

from app.decide.diagnosis.explain import explain
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

FULL = "OSError: [Errno 28] No space left on device"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/srv/ft/save.py", line 9, in save\n'
    '    raise OSError(28, "No space left on device")\n'
    f"{FULL}\n"
)
TALK = {
    "heading": "## No space left on device\n\nMake room.\n",
    "document": f"# Troubleshooting\n\n```\n{FULL}\n```\nMake room.\n",
    "underlined": f"Known issues\n============\n\n{FULL}\n    Make room.\n",
    "names above": f"Lea, 14:02\nhere: {FULL}\n\nOmar, 14:05\nmake room\n",
    "irc": f"<lea> i get {FULL}\n<omar> make room\n",
    "quotation": 'I saw "No space left on device" last week.\n',
    "asked": f"> Why do I get '{FULL}'?\nMake room.\n",
    "source": f'$ cat save.py\n    if free < needed:\n        raise OSError("{FULL}")\n',
    "changes": f'Changes in save.py:\n-    raise OSError("{FULL}")\n+    make_room()\n',
    "grep": f"$ grep -rn space app\napp/text.py:12:NOTE = '{FULL}'\n",
}


@pytest.mark.parametrize("talk", TALK.values(), ids=TALK)
def test_talk_about_an_error_is_no_evidence(talk: str) -> None:
    assert explain(talk, KNOWN_ISSUES).cause is None


@pytest.mark.parametrize("talk", TALK.values(), ids=TALK)
def test_what_a_run_printed_beside_the_talk_is_evidence(talk: str) -> None:
    found = explain(f"{talk}\n$ python save.py\n{TRACEBACK}", KNOWN_ISSUES)
    assert (found.cause, found.confidence) == ("disk_full", "certain")


@pytest.mark.parametrize(
    "log",
    [
        f"### Logs\n```\n{TRACEBACK}```\n",
        f"Lea, 14:02\nit printed:\n{TRACEBACK}\nOmar, 14:09\nmake room\n",
        f"## Troubleshooting\nRead this.\n\n## Output\n{TRACEBACK}",
        "app/save.py:9: " + FULL + "\n",
    ],
    ids=["issue", "chat", "document", "pytest"],
)
def test_a_traceback_that_was_copied_into_a_text_is_evidence(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause == "disk_full"
