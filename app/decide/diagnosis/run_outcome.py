"""Tells from a log whether a run ended in a failure, or went on after what looked like one."""

from __future__ import annotations

import re

from app.decide.diagnosis.listed_lines import lines_with
from app.model.known_issue import KnownIssue

# What CI services, BuildKit, kubectl, compose and the journal of systemd set before each line.
PREFIX = (
    r"(?:\d{4}-\d\d-\d\dt[\d:.]+z |#\d+ \d+\.\d+ |\[pod/[^\]\n]+\] (?:\d{4}-\d\d-\d\dt[\d:.]+z )?|"
    r"[a-z]{3} [ \d]\d \d\d:\d\d:\d\d \S+ [\w.@-]+(?:\[\d+\])?: |[\w.-]+-\d+ +\| )?"
)
# That it ended in a failure: what words alone need before it may give an idea.
ENDED = re.compile(
    r"traceback \(most recent call last\)|^\W{0,6}(?:\[rank\d+\]:\s*)?(?:[\w.]+\.)?\w*(?:error|exception|fatal)\b[ \t]*:|"
    r"\bfile \"[^\"\n]+\", line \d+, in |^-+> ?\d+ |exit(?:ed with)? (?:code|status)[: ]+[1-9]|segmentation fault|core dumped|"
    r"^(?![^\n]*warn)[^\n]*\[winerror|no solution found|subprocess-exited|^[×✗] ",
    re.MULTILINE,
)
# That a training went on: its loss, as a number that says something, however a script writes it.
_TRAINED = re.compile(
    r"\{'(?:train_)?(?:loss|runtime)': (?!'?nan|'?inf|0\.0[,'}])|\bstep \d+\b[^\n]*\bloss\b(?![: =]*nan)|"
    r"^(?![^\n]*(?:error|exception|\bnan\b))[^\n]*(?:\b(?:train[ _])?(?:loss|verlust|perte|perda|p.rdida|perdita|strata|"
    r"kayıp|потери)|损失|損失|손실)"
    r"['\"]?(?: ?[:=：] ?| *)['\"]?(?!0[.,]0+\b)\d+[.,]\d+|"
    r"^\W{0,3}(?:epoch|step|iter(?:ation)?):?[ \t#]+\d+(?:/\d+)?[ \t:,|]+(?!0\.0+\b)\d+\.\d+[ \t]*$|"
    r"trainoutput\(global_step=\d+, training_loss=(?!nan)",
    re.MULTILINE,
)
# That tests passed, and none failed: what one of them printed was provoked.
_TESTS_PASSED = re.compile(
    r"^=+ ?\d+ passed\b(?![^\n]*\b(?:failed|errors?)\b)[^\n]*=*$", re.MULTILINE
)
# That work went on which a real failure would have kept from going on.
WORKED = re.compile(
    rf"{_TRAINED.pattern}|"
    r"\b(?:training|setup|installation) (?:is )?(?:complete|finished)|\bsuccessfully (?:saved|quantized|exported|converted)\b|"
    r"^(?:saved|wrote) (?:the )?(?:adapter|model|merged|[\w.-]+\.jsonl)\b|"
    r"^\s*train_runtime\s*=|^finished: success\b|\bjob succeeded\b|\bstate: completed\b|^process finished with exit code 0\b|"
    r"^ran \d+ tests? in [^\n]*\n\s*ok\b|"
    # the same of a training, as people's own scripts say it elsewhere
    r"正常に(?:終了|完了)|学習(?:が|は)?(?:終了|完了)|训练(?:已)?(?:完成|结束)|訓練(?:已)?完成|학습(?:이)? ?완료|"
    r"обучение (?:успешно )?заверш|\btraining (?:erfolgreich )?(?:beendet|abgeschlossen)|"
    r"\bentra[îi]nement (?:est )?termin|\bentrenamiento (?:finalizado|completado|terminado)|"
    r"\btreinamento (?:conclu|terminado|finalizado)|\baddestramento (?:completato|terminato)|"
    r"\btrening (?:zakończony|ukończony)|"
    rf"^{PREFIX}=* ?\d+ passed\b(?![^\n]*\b(?:failed|errors?)\b)[^\n]* in [\d.]+ ?s",
    re.MULTILINE,
)
# That a program says of all its parts that they went well. One of the words stands on every such line.
_ALL_WELL = re.compile(
    r"\b(?:finished|completed?|done)\b[^\n]*\b0 (?:errors|failures|failed)\b|"
    r"\ball \d+ \w+ (?:finished|done|completed?|passed|succeeded)\b|"
    r"^\d+ (?:scenario|feature)s? \(?\d+ passed|^tests: +\d+ passed, \d+ total|^ +\d+ passing\b|^test result: ok\b|"
    r"\b100% tests passed|^ok[ \t]+\S+/\S+[ \t]+[\d.]+s$|\bpassed! +- failed: +0\b",
    re.MULTILINE,
)
_ALL_WELL_WORDS = (
    *(" 0 errors", " 0 fail", " finished", " done", " complete", " passed", " succeeded"),
    *("passing", "test result: ok", "passed!", "ok \t", "ok\t", "ok  "),
)
# That what is reached over a network, or needs memory or a free file, was had after all.
PASSED = re.compile(
    rf"{WORKED.pattern}|\b100%\||\bsuccessfully installed\b|\bready\b(?!:)|\bok \(attempt|\bfinished without\b|"
    r"\b(?:application startup|(?:down|up)load)(?: is)? complete|exit(?:ed with)? (?:code|status)[: ]+0\b",
    re.MULTILINE,
)
# That work has begun or goes on, as a working run shows it too.
_GOES_ON = re.compile(
    r"\b\d+/\d+ \[\d\d:\d\d|\bnum (?:examples|epochs|batches[^\n=]*) ?= ?\d|\brunning training\b|\bepoch:? \d+\b|"
    r"\b(?:training|trainer)(?: has| is)? (?:start|began|begin|running|in progress)\w*|\bstart(?:ed|ing)? (?:the )?training\b|"
    r"\bapplication startup complete\b|\b(?:uvicorn |listening |running )on (?:local url|http)|\bserver is listening\b",
)
# That a program which fetches something says to have fetched it.
FETCHED = re.compile(
    r"^[ \t]*finished (?:`[\w-]+` profile|release|dev|test|bench)\b|^[ \t]*installed package `|"  # cargo
    r"\bsuccessfully (?:installed|downloaded|built|tagged)\b|\binstalled \d+ packages? in\b|"  # pip, uv
    r"\bprepared \d+ packages? in\b|"
    r"\bsent [\d.,]+ bytes +received [\d.,]+|"  # rsync
    r"^[ \t]*files :(?:[ \t]+\d+){4}[ \t]+0[ \t]|^errors:[ \t]+0\b|\bupload(?:ed)? (?:is )?complete\b|"  # robocopy, rclone, hf
    r"^(?:added|changed|up to date,? audited|audited) \d+ packages?\b|^[^\w\n]*done in [\d.]+ ?m?s|^success saved lockfile|"  # npm
    r"\bsaved \[\d+(?:/\d+)?\]|^[ \t]*100 +[\d.]+[kmgt]? +100 |\bdownload(?:ed)? (?:complete|finished|to)\b|"  # wget, curl, hf
    r"^fetched [\d.,]+ ?.?b in |^es wurden [\d.,]+ [^\n]* geholt|r.ceptionn.s en |^setting up |"  # apt
    r"\bstatus: (?:downloaded newer image|image is up to date)|\bdigest: sha256:|"  # docker
    r"\bnaming to \S+ (?:[\d.]+s )?done|"
    r"\b(?:resolving deltas|receiving objects|updating files|filtering content): 100%[^\n]*done|^already up to date|"  # git
    r"\b100%\||^(?:executing transaction: done|build success|success$)|\btransaction finished\b",
    re.MULTILINE,
)
# One of these stands on every such line.
FETCHED_WORDS = (
    *("finished", "installed", "successfully", "prepared", "added", "changed", "audited", "done"),
    *("saved ", "100", "download", "fetched", "geholt", "ceptionn", "setting up", "digest:"),
    *(
        "already up to date",
        "image is up to date",
        "success",
        "files :",
        "errors:",
        "upload",
        "received",
    ),
)
ERROR_LINE = re.compile(
    rf"^{PREFIX}[ \t]*(?:[×✗]|e?rror\b|fatal\b|traceback|[\w.]+(?:error|exception)\b)", re.MULTILINE
)
# How Python's logging writes an error, and pip's note on what it found installed: the run goes on.
LOGGED = re.compile(r"[ \t]*error:(?:[\w.]+:\S| pip's dependency resolver does not currently)")
# Root's prompt with a command behind it: headings and comments begin with the same sign.
_ROOT = (
    r"# (?=(?:\w+=\S+ )*(?:\./|/|sudo |cd|ls|cat|export|source|bash|sh|env|python|pip|uv|conda|mamba|apt|apt-get|dnf|"
    r"yum|docker|podman|kubectl|git|make|cmake|nvcc|nvidia-smi|torchrun|accelerate|deepspeed|vllm|ollama|hf|"
    r"huggingface-cli|jupyter|systemctl|dmesg|df|free|ldd|which|echo|tail|head|grep)[\d.]*(?: |$))"
)
# That another run begins: a prompt of a shell, of Python or of a notebook.
NEW_RUN = re.compile(
    r"^(?:\(\S+\) )?(?:[\w.-]+@\S+[$#%>] ?|\[[\w.-]+(?:@[\w.-]+)? [^\]\n]{1,80}\][$#] |ps [a-z]:[^\n]*> ?|"
    rf"[a-z]:\\[^\n>]*> ?|[$%>] |{_ROOT}|>>> |in ?\[\d+\]: ?|!)\S",
    re.MULTILINE,
)
# The exception that a traceback ends in, its frames, and what Python prints below them.
RAISED = re.compile(
    rf"^{PREFIX}\W{{0,6}}(?:\[rank\d+\]:\s*)?(?:[\w.]+\.)?(\w+(?:error|exception))\b[ \t]*(?::|$)",
    re.MULTILINE,
)


_EXCEPTION = re.compile(
    r"^[^\n]{0,120}\b\w*(?:error|exception|interrupt|exit|warning)\b[ \t]*(?::|$)", re.MULTILINE
)
_FRAME = re.compile(r"^[^\n]{0,80}\bfile \"[^\"\n]+\", line \d+, in ", re.MULTILINE)
# What a program leaves that ran: times, progress, numbers of a training, its own name before a message.
_RAN = re.compile(
    r"\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[t ]\d\d:\d\d|\d%\||\d%\)?[ \t]*$|['\"](?:loss|train_runtime)['\"]: |"
    r"\bwinerror\b|[a-z]:\\(?:[^\s\\]+\\)+|stack backtrace:|\+ categoryinfo|"
    r"^[^\s:]+(?:[:(]\d+\)?)*: (?:fatal |internal )?(?:error|warning|note)\b|^[a-z]+_\w+: \S|"
    r"^(?:\w+warning|nvrm|omp|warning|warn): |^(?:\[(?:error|warn|info|debug)|\w+ ?\[\d+\]: )|"
    r"[\\/][^\s:]+:\d+(?::\d+)?: (?:fatal )?error: |"
    r"^[^\n]{1,60}\.exe - \S|"  # the title of Windows' own window
    r"^\{\"\w+\": ?[^\n]*\}[ \t]*$|<(?:failure|error)\b|\"(?:error|exception|stderr|level)\"[ \t]*:|"
    r"^(?:collecting|downloading|installing|building|loading|generating|fetching|saving|running) |"
    rf"{ENDED.pattern}|{ERROR_LINE.pattern}|{NEW_RUN.pattern}",
    re.MULTILINE,
)
# A line that its program calls a warning, with its time. What says that it tries again is told nowhere
# else in the end.
_WARNED = re.compile(
    r"(?![^\n]*(?:retry|retries|tries|attempt))(?:[\w.-]+ +\| +)?"
    r"(?:\W{0,2}\d[\d:., t/+z-]{3,40}[ |\[-]*warn(?:ing)?\b|\[w(?:arn(?:ing)?)? [\d-]{10}|"
    r"warning:? \[?(?:\d{4}-)?\d\d-\d\d)"
)
_PASTED = 3  # lines that somebody may take out of a log as its message
_LINE = re.compile(r"^[^\n]*\S", re.MULTILINE)
_BEHIND_WORDS = re.compile(r"(?![^\s:]*: *$)[^\n]*[^\W_]")
_LAST_PART = 50_000  # signs of a log, in which its last outcome is looked for


def has_gone_on(lower: str, issue: KnownIssue, places: tuple[int, ...], last: int) -> bool:
    """Whether work went on after ``last``, the end of the last sign of a cause, and nothing ended it
    later: what was caught or overcome is no cause. ``places`` are where its proofs stand. What goes
    on after an error that ended a run may be another run.
    """
    end = lower.find("\n", last)
    if end < 0 or issue.lasting:
        return False
    passed = _TESTS_PASSED.search(lower, end)
    if passed and not NEW_RUN.search(lower, end, passed.start()):
        return True
    if any(_ends_a_run(lower, place) for place in places):
        return False
    for well in _successes(lower, end, passing=issue.passing or issue.stage == "network"):
        if not ENDED.search(lower, well) and not ERROR_LINE.search(lower, well):
            return True
    return False


def was_outlived(lower: str, last: int) -> bool:
    """Whether a training went on after ``last``, the end of the last sign of a cause: its loss twice at
    least, or its result. Whatever ended it later, that was not it.
    """
    losses = list(_TRAINED.finditer(lower, last))
    return len(losses) > 1 or any(
        word in one[0] for one in losses for word in ("train_runtime", "trainoutput")
    )


def is_written(lower: str, places: tuple[int, ...]) -> bool:
    """Whether somebody wrote the text in which signs of a cause stand at ``places``: nothing of what
    programs print while they run, more lines than one takes out of a log, and each sign behind other
    words. A program begins the line with its message, or with its own name before it.
    """
    lines = [lower.rfind("\n", 0, place) + 1 for place in places]
    if not all(_BEHIND_WORDS.match(lower, *span) for span in zip(lines, places, strict=True)):
        return False
    return len(_LINE.findall(lower)) > _PASTED and not _RAN.search(lower)


def is_only_warned(lower: str, places: tuple[int, ...], last: int) -> bool:
    """Whether all signs of a cause stand on lines that a program itself calls warnings, and it said
    more after the last of them, which ends at ``last``.
    """
    lines = [lower.rfind("\n", 0, place) + 1 for place in places]
    end = lower.find("\n", last)
    return all(_WARNED.match(lower, line) for line in lines) and bool(
        end > 0 and lower[end:].strip()
    )


def is_cut_off(lower: str, last: int) -> bool:
    """Whether the last sign of a cause, which ends at ``last``, stands among the frames of a traceback
    whose end is not in the log, the line with the exception itself, or that somebody made by Ctrl+C.
    """
    frames = [frame for frame in _FRAME.finditer(lower) if frame.start() <= last]
    if not frames:
        return False
    begin = lower.rfind("traceback (most recent call last)", 0, last)
    if begin < 0:
        return False
    ends = [end[0].lstrip() for end in _EXCEPTION.finditer(lower, begin)]
    return not ends or ends[-1].startswith("keyboardinterrupt")


def ends_well(lower: str, last: int) -> bool:
    """Whether the last that the log shows, after ``last``, is work that went well."""
    start = max(last, len(lower) - _LAST_PART)
    worked = _worked(lower, start)
    return bool(worked) and not (
        ENDED.search(lower, worked[0]) or ERROR_LINE.search(lower, worked[0])
    )


def goes_on(lower: str, last: int) -> bool:
    """Whether a run goes on after ``last``, where the log shows no failure at all: what was told before
    it may be a warning that a working run prints as well.
    """
    return (
        _GOES_ON.search(lower, last) is not None
        and not ENDED.search(lower)
        and not ERROR_LINE.search(lower)
    )


def _successes(lower: str, start: int, *, passing: bool) -> list[int]:
    """From where on nothing may fail: the end of the last work after ``start``; for what passes by
    itself also ``start``, where any success follows it.
    """
    worked = _worked(lower, start)
    passed = passing and (PASSED.search(lower, start) or _fetched(lower, start))
    return [start, *worked] if passed else worked


def _worked(lower: str, start: int) -> list[int]:
    """The end of the last work that went on after ``start``, if any did."""
    lines = [line for line in lines_with(lower, _ALL_WELL_WORDS) if line[0] >= start]
    ends = [match.end() for match in WORKED.finditer(lower, start)][-1:]
    ends += [line[1] for line in lines if _ALL_WELL.search(lower, *line)][-1:]
    return [max(ends)] if ends else []


def _fetched(lower: str, start: int) -> bool:
    lines = [line for line in lines_with(lower, FETCHED_WORDS) if line[0] >= start]
    return any(FETCHED.search(lower, *line) for line in lines)


def _ends_a_run(lower: str, place: int) -> bool:
    """Whether an error stands for itself on this line. An exception after which the same run goes on,
    without another one being started, was caught and printed.
    """
    start = lower.rfind("\n", 0, place) + 1
    if not ERROR_LINE.match(lower, start) or LOGGED.match(lower, start):
        return False
    return not RAISED.match(lower, start) or NEW_RUN.search(lower, start) is not None
