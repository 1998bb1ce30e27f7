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
    "commits": f"9f3c1ab1 {FULL}\n77d0e42c make room\n1c88ab3f no {FULL} again\n",
    "one commit": "commit 3f786850e387550fdab836ed7e6dc881de23001b\nAuthor: Lea\nDate: Monday\n\n"
    f"    {FULL}\n",
    "changes of a version": f"## [1.4.0] - 2025-10-03\n### Fixed\n- {FULL} while saving\n- typo\n",
    "requests": f"* {FULL} by @lea in #12\n",
    "numbered": f"2. Was heißt {FULL}?\nPlatz schaffen.\n",
    "korean": f"Q1. {FULL} 라는 메시지가 나옵니다.\nA1. 공간을 확보하세요.\n",
    "chinese": f"问：{FULL} 怎么办？\n答：请清理磁盘。\n",
    "spanish": f"¿Qué hago si aparece «{FULL}»?\nHacer sitio.\n",
    "russian": f"Сообщение «{FULL}» говорит о том, что на диске кончилось место. Удалите старое.\n",
    "motd": f'If your job dies with "{FULL}", your home is full; please clean it up.\n',
    "counted": f"3 of 9 fit (caught {FULL} 6x)\n",
    "as expected": f"refused, as expected: {FULL}\n",
    "table": f"| rows | file |\n|---|---|\n| 10 | ok |\n| 20 | {FULL} |\n",
    "rows": f"1,2048,1412.3,ok\n2,2048,2571.0,ok\n4,2048,0,{FULL}\n",
    "subtitle": f"7\n00:00:19,300 --> 00:00:25,640\nThe second one is {FULL}.\n",
    "translations": f'#: src/errors.py:19\nmsgid "{FULL}"\nmsgstr "Kein Platz mehr"\n',
    "settings": f'rules:\n  - alert: DiskFull\n    summary: "it will say {FULL}"\n    wait: 15m\n',
    "source file": f'#!/usr/bin/env python3\nRULES = [\n    (re.compile(r"{FULL}"), "Make room."),\n]\n',
    "ticket": f"03.09. 09:10  Kundin meldet: »{FULL}« beim Speichern.\n04.09. 08:15  Gelöst.\n",
    "markup": f"<item>\n  <title>How we met {FULL}</title>\n</item>\n",
    "database": f"+------+-----+\n| kind | n   |\n+------+-----+\n| {FULL} | 31 |\n+------+-----+\n",
    "query": f" kind | n\n------+---\n {FULL} | 31\n(1 row)\n",
    "records": "".join(f"[{n}] prompt : Explain: {FULL}\n    answer : room\n" for n in (1, 2)),
    "simulated": f'  simulate "{FULL}" .... caught, ok\n',
    "pruned": f"trial 3 bs=32 pruned ({FULL})\n",
    "skipped": f"warning: skipped out/merged ({FULL})\nbackup finished, 1 file skipped\n",
    "mail": f"It is saved now, thank you.\n\nOn 1 October Support wrote:\n> You had this:\n>> {FULL}\n",
    "runbook": f"Runbook\n\n1. Log in.\n2. If a job ended with {FULL}, make room.\n3. Go home.\n",
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
        f"3f2a1b9c INFO start\n77d0e42c INFO save\n1c88ab3f ERROR {FULL}\n",
        f"17.1\t3\tinfo\tstart\n17.4\t3\tinfo\tsave\n17.9\t3\terror\t{FULL}\n",
        f"caught {FULL} 3 times, giving up\n",
        f"Q1. Room?\nA1. Yes.\n\n{TRACEBACK}",
        f'{{"message": "{FULL}", "level": "error"}}\n',
        f'time=2025-09-03 level=ERROR msg="{FULL}"\n',
        f'{{\n  "ok": false,\n  "error": "{FULL}"\n}}\n',
        f"#!/bin/sh\n# save.sh\npython save.py\n\n{FULL}\n",
        f'<testsuite>\n<testcase name="save">\n<failure message="{FULL}"/>\n</testcase>\n',
        f'OSError: cannot save "out" ({FULL}). Is the disk full?\n',
    ],
    ids=[
        *("issue", "chat", "document", "pytest", "request numbers", "tabs", "given up"),
        *(
            "below an answer",
            "json",
            "logfmt",
            "json lines",
            "below a script",
            "junit",
            "an error that asks",
        ),
    ],
)
def test_a_traceback_that_was_copied_into_a_text_is_evidence(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause == "disk_full"


@pytest.mark.parametrize(
    ("cause", "pasted"),
    [
        (
            "hf_gated_repo",
            "Cannot access gated repo for url https://huggingface.co/a/b.\nAccess to model a/b is restricted "
            "and you are not in the authorized list.\nWhen I open the page\nit shows a form.\n",
        ),
        (
            "gpu_arch_too_new",
            "torch 2.5.1+cu124, RTX 5070 Ti\nNVIDIA GeForce RTX 5070 Ti with CUDA capability sm_120 is not "
            "compatible with the current PyTorch installation.\nThe current PyTorch install supports sm_50 "
            "sm_90.\nIf you want to use it with PyTorch, please check the instructions\n",
        ),
        (
            "wsl_gpu_unavailable",
            "Failed to initialize NVML: GPU access blocked by the operating system\n(in Ubuntu on WSL)\n"
            "Windows side: it works there\nsince the last update\n",
        ),
        (
            "cuda_oom",
            "llama_kv_cache: size = 8192.00 MiB\nggml_backend_cuda_buffer_type_alloc_buffer: allocating "
            "8192.00 MiB on device 0: cudaMalloc failed: out of memory\nalloc_tensor_range: failed\n"
            "llama_init_from_model: failed to allocate\n",
        ),
        (
            "file_in_use",
            "Fehler beim Entpacken:\nDer Prozess kann nicht auf die Datei zugreifen, da sie von einem anderen "
            "Prozess verwendet wird.\nDatei: C:\\u\\envs\\a\\torch_cuda.dll\nWiederholen?\n",
        ),
    ],
)
def test_what_was_copied_without_any_time_is_named(cause: str, pasted: str) -> None:
    assert explain(pasted, KNOWN_ISSUES).cause == cause
