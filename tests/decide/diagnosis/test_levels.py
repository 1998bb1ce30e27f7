"""Debug lines and failures that were overcome make no cause; a failure stays one whatever is told
around it.
"""

from __future__ import annotations

import time

import pytest

from app.decide.diagnosis.explain import explain
from app.decide.diagnosis.levels import Said
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

CODE = (
    "V1128 06:23:36.725000 1479 torch/_inductor/codegen/triton.py:22] [0/0] raise TritonMissing: "
    "Cannot find a working triton installation\n"
    "I1128 06:23:37.500000 1479 torch/_inductor/remote_cache.py:43] cache: {hit: 0, miss: 1, "
    "exception: 0}\n"
)
LOST = "Connection to huggingface.co timed out. (connect timeout=10)"


@pytest.mark.parametrize(
    "log",
    [
        CODE + "tensor(1.5, device='cuda:0')\n",
        CODE,
        f"2026-11-24 10:00:00,101 DEBUG zork.fetch {LOST}\n2026-11-24 10:00:01,101 INFO zork.run "
        f"saved\n",
        f"2026-11-24 10:00:00.123 | DEBUG    | zork.fetch:get:44 - {LOST}\ndone\n",
        f"DEBUG:zork:{LOST}\nINFO:zork:took the copy\n",
        f'time=2026-11-24T10:00:00Z level=debug msg="{LOST}"\nready\n',
        f'{{"ts": 1, "level": "debug", "msg": "{LOST}"}}\n{{"ts": 2, "level": "info", "msg": "ready"}}\n',
        'DEBUG:zork:looked for the file\nTraceback (most recent call last):\n  File "zork.py", '
        "line 4, in look\n    get()\n"
        f"requests.exceptions.ConnectionError: {LOST}\nINFO:zork:took the copy\n",
    ],
)
def test_what_only_debug_lines_say_is_no_failure(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause is None


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (
            CODE
            + "Traceback (most recent call last):\ntorch.OutOfMemoryError: CUDA out of memory.\n",
            "cuda_oom",
        ),
        (
            f"DEBUG zork {LOST}\nerror: Failed to fetch the model\n",
            "hf_unreachable",
        ),  # it tells why
        (
            f"INFO:zork:{LOST}\nINFO:zork:OSError: {LOST}\n",
            "hf_unreachable",
        ),  # an error told as information
        (f"starting\nDEBUG:zork:request failed: {LOST}\n", "hf_unreachable"),  # the log ends in it
    ],
)
def test_a_failure_among_debug_lines_is_named(log: str, cause: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause == cause


@pytest.mark.parametrize(
    "log",
    [
        f"'{LOST}' thrown while requesting HEAD https://huggingface.co/zork\nRetrying in 1s "
        f"[Retry 1/5].\nget: 100%|###| 4/4\n",
        "curl: (56) Recv failure: Connection reset by peer\nWill retry in 1 second.\n100  812M  "
        "100  812M    0     0  24.1M\n",
        "Err:6 http://host.example jammy InRelease\n  Connection timed out\nGet:6 "
        "http://host.example jammy InRelease\n"
        "Fetched 30.1 MB in 41s (734 kB/s)\n",
        "zork: Network error (ConnectTimeout), entering retry loop.\nzork: resuming normal "
        "operation.\n",
        "[WARNING] zork: [WARNING] RuntimeError: Cannot find a working triton installation\nstep "
        "10 loss 2.11\n",
    ],
)
def test_what_was_overcome_is_no_cause(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause is None


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        # an error of its own, then another run
        ("torch.OutOfMemoryError: CUDA out of memory.\nstep 10 loss 2.11\n", "cuda_oom"),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
            + "step 10 loss 2.11\n" * 9,
            "no_nvidia_driver",
        ),
        (
            "curl: (6) Could not resolve host: zork.example\n" + "step 10 loss 2.11\n" * 9,
            "dns_failure",
        ),
        # it came again, and nothing followed
        (
            "curl: (56) Recv failure: Connection reset by peer\nmodel: 100%|###| 4/4\n" * 2
            + "curl: (56) Recv failure: Connection reset by peer\n",
            "network_interrupted",
        ),
        # a state lasts, whatever bar fills up behind it
        (
            "The installed version of bitsandbytes was compiled without GPU support.\nLoading: "
            "100%|###| 4/4\n",
            "bnb_cpu_fallback",
        ),
    ],
)
def test_what_was_not_overcome_stays_the_cause(log: str, cause: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause == cause


FRAMES = (
    "Traceback (most recent call last):\n"
    '  File "/v/site-packages/triton/runtime/driver.py", line 22, in default\n'
    "    self._default = _create_driver()\n"
    '  File "/v/site-packages/triton/runtime/driver.py", line 10, in _create_driver\n'
    "    return active_drivers[0]()\n"
    '  File "/v/site-packages/triton/backends/nvidia/driver.py", line 62, in __init__\n'
    "    mod = compile_module_from_src(\n"
    '  File "/v/site-packages/triton/runtime/build.py", line 48, in _build\n'
    "    subprocess.check_call(cc_cmd, stdout=subprocess.DEVNULL)\n"
    '  File "/usr/lib/python3.12/subprocess.py", line 1955, in _execute_child\n'
    "    raise child_exception_type(errno_num, err_msg, err_filename)\n"
)


@pytest.mark.parametrize(
    "told",
    [
        "subprocess.CalledProcessError: Command '['/bin/gcc', '/x/cuda_utils.c', "
        "'-l:libcuda.so.1']' returned non-zero status.",
        "FileNotFoundError: [Errno 2] No such file or directory: '/opt/zork/cc'",
    ],
)
def test_the_exception_stands_before_the_frames_that_led_to_it(told: str) -> None:
    found = explain(f"{FRAMES}{told}\n", KNOWN_ISSUES)
    assert found.cause == "triton_no_c_compiler"
    assert (found.evidence[0].line, found.evidence[0].text) == (12, told)
    assert {e.line for e in found.evidence[1:]} <= set(range(2, 12))


def test_no_line_takes_for_ever() -> None:
    """Times and brackets, again and again before no level: reading them in every possible way once
    took minutes.
    """
    for line in ("12:00:00 " * 12, "[x] " * 30, "zork - " * 30, "time=1 " * 40, "a1," * 300):
        began = time.process_time()
        Said(f"{line}\n" * 5000)
        assert time.process_time() - began < 5


def test_a_long_log_of_struck_lines_is_read_in_time() -> None:
    """Struck lines are blank ones: a pattern that began with any white space went through all of
    them from each.
    """
    took = []
    for size in (1, 2):
        lines = "".join(
            f"V1128 06:23:36.{i:06} 1479 torch/_inductor/x.py:10] error {i:x}\n"
            for i in range(4000 * size)
        )
        began = time.process_time()
        explain(lines + "RuntimeError: CUDA out of memory.\n", KNOWN_ISSUES)
        took.append(time.process_time() - began)
    assert took[1] < 3 * took[0] + 0.2
