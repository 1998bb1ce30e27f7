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
        ("$ python train.py\n", "$ python train.py --rows 9\n" + ENDED_WELL),
        ("In [3]: trainer.train()\n", "In [4]: trainer.train()\n" + ENDED_WELL),
        (
            "##[group]Run python warm.py\n",
            "##[error]Process completed with exit code 1.\n##[group]Run pytest\n3 passed in 1.00s\n",
        ),
        (
            "Step 2/3 : RUN python warm.py || true\n",
            "Step 3/3 : RUN python train.py\n" + ENDED_WELL,
        ),
        ("python warm.py\n", "make: [Makefile:3: warm] Error 1 (ignored)\n" + ENDED_WELL),
    ],
    ids=[
        *("buildkit", "allowed", "traced", "chat", "question", "diff", "repeated"),
        *("other options", "notebook", "continue-on-error", "docker", "make"),
    ],
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
        "##[group]Run python train.py\n"
        + FULL
        + "##[error]Process completed with exit code 1.\n##[group]Run upload\nuploaded\n",
        "Nov 20 09:11:05 box trainer[84]: {'loss': 1.9, 'epoch': 0.1}\n"
        "Nov 20 09:11:06 box trainer[84]: " + FULL,
    ],
    ids=[
        *("buildkit", "prompt", "traced", "logger", "fails at last", "after an allowed one"),
        *("a step that always runs", "journal"),
    ],
)
def test_the_failure_of_the_run_itself_is_named(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause == "disk_full"


def test_what_was_missing_and_then_installed_is_not_named() -> None:
    again = "$ python train.py\n" + ENDED_WELL
    log = f"$ python train.py\n{MISSING}$ pip install -q sentencepiece\n{again}"
    assert explain(log, KNOWN_ISSUES).cause is None
    assert explain(f"$ python train.py\n{MISSING}", KNOWN_ISSUES).cause == "module_missing"
    installed = "$ uv pip install sentencepiece\nInstalled 1 package\n + sentencepiece==0.2.1\n"
    assert explain(f"$ python train.py\n{MISSING}{installed}", KNOWN_ISSUES).cause is None
    still = f"$ python train.py\n{MISSING}{installed}$ python train.py\n{MISSING}"
    assert explain(still, KNOWN_ISSUES).cause is not None


def test_what_ended_well_at_last_is_not_certain_and_has_no_button() -> None:
    warned = "OSError: [Errno 28] No space left on device\n"
    alone = explain(f"$ python a.py\n{warned}", KNOWN_ISSUES)
    assert (alone.confidence, alone.fix is not None and alone.fix.automatic) == ("certain", True)
    followed = explain(f"$ python a.py\n{warned}$ python b.py\n{ENDED_WELL}", KNOWN_ISSUES)
    assert followed.confidence != "certain"
    assert followed.fix is None or not followed.fix.automatic


@pytest.mark.parametrize(
    "status", ["401 Client Error: Unauthorized", "403 Client Error: Forbidden"]
)
def test_a_status_of_no_package_index_is_no_cause(status: str) -> None:
    error = f"requests.exceptions.HTTPError: {status} for url: https://%s\n"
    log = "$ pip install requests\n$ python sync.py\n" + error
    assert explain(log % "crm.example.org/contacts", KNOWN_ISSUES).cause is None
    assert explain(log % "nexus.example.org/simple/torch/", KNOWN_ISSUES).cause is not None


REFUSED = "warning: spurious network error (2 tries remaining): Could not resolve host: index.example.org\n"
FETCHED = {
    "cargo": "    Finished `release` profile [optimized] target(s) in 48.20s\n",
    "pip": "Successfully installed tqdm-4.67.1\n",
    "uv": "Installed 3 packages in 12ms\n",
    "npm": "added 214 packages, and audited 215 packages in 41s\n",
    "wget": "2025-09-14 11:21:44 (8.74 MB/s) - 'a.gguf' saved [2497280256/2497280256]\n",
    "curl": "100 4387M  100 4387M    0     0  21.4M      0  0:03:24  0:03:24 --:--:-- 24.0M\n",
    "apt": "Fetched 49.1 MB in 5s (9,821 kB/s)\n",
    "docker": "Status: Downloaded newer image for ubuntu:24.04\n",
    "git": "Receiving objects: 100% (812/812), 3.10 MiB | 2.00 MiB/s, done.\n",
    "robocopy": "    Files :       412       412         0         0         0         0\n",
    "upload": "Upload is complete!\n",
    "hf": "Fetching 11 files: 100%|##########| 11/11 [01:12<00:00,  6.55s/it]\n",
}


@pytest.mark.parametrize("fetched", FETCHED.values(), ids=FETCHED)
def test_a_retry_after_which_the_same_command_fetched_all_is_not_named(fetched: str) -> None:
    assert explain(f"$ fetch\n{REFUSED}{fetched}", KNOWN_ISSUES).cause is None


def test_a_retry_that_did_not_help_is_named() -> None:
    ended = f"$ fetch\n{REFUSED}error: could not fetch\n"
    for log in (f"$ fetch\n{REFUSED}", ended, f"{ended}$ cargo build\n{FETCHED['cargo']}"):
        assert explain(log, KNOWN_ISSUES).cause == "dns_failure", log


def test_what_the_packages_warned_of_is_not_what_a_test_failed_on() -> None:
    warned = "torch/cuda/__init__.py:182: UserWarning: CUDA initialization: Found no NVIDIA driver on your system.\n"
    summary = f"=== warnings summary ===\n{warned}\n-- Docs: https://docs.pytest.org/\n"
    failed = "tests/test_pack.py:31: AssertionError\n"
    assert explain(f"{failed}{summary}=== 1 failed in 2.4s ===\n", KNOWN_ISSUES).cause is None
    assert explain(f"{warned}{failed}", KNOWN_ISSUES).cause == "no_nvidia_driver"


def test_a_mirror_that_failed_before_another_one_gave_all_is_not_named() -> None:
    log = f"Err:1 http://index.example.org noble\n  Could not connect, connection timed out\n{FETCHED['apt']}"
    assert explain(log, KNOWN_ISSUES).cause is None


@pytest.mark.parametrize(
    "passed",
    [
        "1 scenario (1 passed)",
        "Tests:       4 passed, 4 total",
        "  4 passing (12ms)",
        "test result: ok. 4 passed",
    ],
)
def test_what_tests_are_named_after_is_no_failure(passed: str) -> None:
    named = "Feature: No space left on device\n  Then the page tells it\n"
    assert explain(f"$ npm test\n{named}\n{passed}\n", KNOWN_ISSUES).cause is None
    assert explain(f"$ npm test\n{named}", KNOWN_ISSUES).cause == "disk_full"


def test_two_causes_side_by_side_are_told_as_ideas() -> None:
    both = f"torch.OutOfMemoryError: CUDA out of memory.\n{FULL}"
    listed = explain(both, KNOWN_ISSUES)
    assert listed.cause is None
    assert {"cuda_oom", "disk_full"} <= {other.cause for other in listed.others}
    runs = f"$ python a.py\ntorch.OutOfMemoryError: CUDA out of memory.\n$ python b.py\n{FULL}"
    assert explain(runs, KNOWN_ISSUES).cause is not None


def test_own_code_below_generated_code_is_not_its_fault() -> None:
    generated = (
        "Traceback (most recent call last):\n"
        '  File "/w/unsloth_compiled_cache/UnslothGRPOTrainer.py", line 1721, in _rewards\n'
        "    output = reward_func(\n"
    )
    own = '  File "/w/scoring.py", line 31, in split\n    return FOUND.group(1)\n'
    error = "AttributeError: 'NoneType' object has no attribute 'group'\n"
    assert explain(generated + own + error, KNOWN_ISSUES).cause is None
    assert explain(generated + error, KNOWN_ISSUES).cause is None  # a frame says where, not why
    unfit = "NameError: name 'maybe_apply_chat_template' is not defined\n"
    assert explain(generated + unfit, KNOWN_ISSUES).cause == "unsloth_generated_code_broken"
