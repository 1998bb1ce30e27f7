"""Trains a LoRA adapter on your own data with Unsloth.

    python train.py                       trains on data.jsonl beside this file
    python train.py --preview             shows rows as the model will see them and what is learnt; trains nothing
    python train.py --resume              goes on from the last checkpoint, if data, model and settings are the same
    python train.py --model FOLDER        takes a model from a folder; nothing is downloaded
    python train.py --cards 2             trains on two equal cards, a process for each (Linux)

data.jsonl holds one row a line: {"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}
(a message of the role system may come first) or {"text": "..."}. Stop with Ctrl+C: a checkpoint is written first; a second
Ctrl+C ends at once. Exit codes: 0 done, 2 a file or a setting is wrong, 4 training failed, 6 stopped.
Several cards were seen on two H200 alone: 42 steps, and a full memory told; stopping and going on were seen with two processes on
a processor. The speed that is told is the first card's own.
"""

import argparse
import contextlib
import hashlib
import json
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from array import array

# ---- Settings. Each is also an option: LEARNING_RATE is --learning-rate. ----
MODEL = "unsloth/Llama-3.2-1B-Instruct-bnb-4bit"  # a folder, or a name on the Hugging Face hub
MODELS = ""  # the folder of the hub's cache that holds the model; empty: the usual one
DATA = "data.jsonl"  # one row a line, as above; beside this file
OUTPUT = "output"  # the adapter, checkpoints and what was measured; beside this file
EPOCHS = 3.0  # how often each row is seen
MAX_STEPS = 0  # more than 0: ends after so many steps instead
LENGTH = 2048  # context in tokens; longer rows are cut; memory grows with it
BATCH = 2  # rows at once; memory grows with it
ACCUMULATE = 4  # batches gathered before the weights move; costs time, no memory
RANK = 16  # size of the LoRA matrices
ALPHA = 16  # their weight: alpha / rank
LEARNING_RATE = 2e-4
BITS = 4  # base weights in 4 bits (QLoRA) or 16; a processor takes 16 always
LEARN = "answers"  # answers: the loss counts the assistant's words alone; all: every word
EVALUATE = 0.05  # share of the rows that is kept apart to measure on; 0: none
CHECKPOINT_MINUTES = 10.0  # a checkpoint at least this often
SEED = 3407
CARDS = 1  # equal cards to train on, each with a batch of its own
# ---- End of the settings. ----

HERE = os.path.dirname(os.path.abspath(__file__))
SETTINGS = ("MODEL", "MODELS", "DATA", "OUTPUT", "EPOCHS", "MAX_STEPS", "LENGTH", "BATCH", "ACCUMULATE", "RANK", "ALPHA",
            "LEARNING_RATE", "BITS", "LEARN", "EVALUATE", "CHECKPOINT_MINUTES", "SEED",
            "CARDS")  # fmt: skip
SHAPING = ("EPOCHS", "MAX_STEPS", "LENGTH", "BATCH", "ACCUMULATE", "RANK", "ALPHA", "LEARNING_RATE", "BITS", "LEARN",
           "EVALUATE", "SEED", "CARDS")  # what must be the same to go on from a checkpoint  # fmt: skip
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
HELD_OUT = 3  # rows whose answers are shown before and after
ANSWER_TOKENS = 128
# The form for models that have no chat template of their own (base models). The end mark is added to the last answer.
PLAIN_TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] + '\n\n' }}{% elif m['role'] == 'user' %}"
    "{{ '### Instruction:\n' + m['content'] + '\n\n### Response:\n' }}{% else %}{{ m['content'] + eos_token + '\n\n' }}"
    "{% endif %}{% endfor %}"
)


class Problem(Exception):
    """Something that a person's file, card or setting caused: a short name, one sentence, what to do, and the exit code."""

    def __init__(self, code, message, hint="", exit_code=4, **detail):
        super().__init__(message)
        self.code, self.hint, self.exit_code, self.detail = code, hint, exit_code, detail


class StopNow(Exception):
    """Raised inside an evaluation when a stop was asked for."""


# ---- Telling ----

AS_JSON = False
# accelerate starts one process for each card and says so in these variables.
PROCESSES = int(os.environ.get("WORLD_SIZE", "1"))
FIRST = os.environ.get("RANK", "0") == "0"  # only the first one talks
# The folder in which the processes of several cards and this script, which started them, leave one another word.
SHARED = os.environ.get("TRAIN_SHARED", "") if PROCESSES > 1 else ""
ECHO = 3.0  # seconds within which a launcher repeats a signal


def tell(what, text="", **fields):
    """One event: a JSON object on a line of its own, or its text for people."""
    if not FIRST:
        return
    if AS_JSON:
        line = (
            "\n"
            + json.dumps({"what": what, **plain(fields)}, ensure_ascii=False, allow_nan=False)
            + "\n"
        )
    elif text:
        line = text + "\n"
    else:
        return
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except BrokenPipeError:  # who started this is gone, as after a crash: the run was cut off
        end(6)


def measured(name, value, unit=None, text="", **detail):
    """One measured value."""
    tell("measured", text, name=name, value=value, unit=unit, detail=detail)


def plain(value):
    """The same value without NaN and infinity, which JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


# ---- Stopping: Ctrl+C, SIGTERM, Ctrl+Break, or a file that appears ----


class Stop:
    """Notices a wish to stop within a fraction of a second, whatever the main thread computes."""

    def __init__(self, path):
        self.path, self.wished, self.phase, self.on_exit = (
            path,
            threading.Event(),
            "preparing",
            None,
        )
        self.lock = threading.Lock()
        self.since = 0.0  # when it was first wished

    def watch(self):
        """Start watching. Signals reach the thread through a socket that the interpreter writes to from C."""
        self.bell, end = socket.socketpair()
        end.setblocking(False)
        self.end = end
        self.bell.settimeout(0.2)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: None)
        signal.set_wakeup_fd(end.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        stops = tuple(
            getattr(signal, n)
            for n in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
            if hasattr(signal, n)
        )
        while True:
            rung = 0
            try:
                rung = sum(byte in stops for byte in self.bell.recv(64))
            except TimeoutError:
                pass
            if SHARED:  # the file is for the script that started this one
                self._look(rung)
                continue
            if self.path and os.path.exists(self.path):
                try:
                    os.remove(self.path)
                    rung += 1
                except OSError:  # its writer still holds it open; the next look takes it
                    pass
            for _ in range(rung):
                self._wish()

    def _look(self, rung):
        """One of several processes: signals reach the script that started it; here they say that another one has died."""
        if rung:
            os._exit(6)
        if not is_held(os.path.join(SHARED, "alive")):  # it was killed, and could not tidy up
            with contextlib.suppress(OSError):
                for name in ("alive", "accelerate.json", "stop", "code", "failed"):
                    path = os.path.join(SHARED, name)
                    if os.path.exists(path):
                        os.remove(path)
                os.rmdir(SHARED)
            os._exit(6)
        if os.path.exists(os.path.join(SHARED, "stop")) and not self.wished.is_set():
            self._wish()
        failed = os.path.exists(os.path.join(SHARED, "failed"))
        if failed or (not FIRST and os.path.exists(os.path.join(SHARED, "code"))):
            time.sleep(
                ECHO if FIRST else 1
            )  # it may be about to tell the same, or to end by itself
            os._exit(0)

    def _wish(self):
        with self.lock:
            if self.wished.is_set():
                if PROCESSES > 1 and time.monotonic() - self.since < ECHO:
                    return  # Ctrl+C reaches this process, and the launcher hands it on as well
                measured("train.ended", True, None, "Ended at once, as asked twice.")
                self.leave()
            self.since = time.monotonic()
            self.wished.set()
            if self.phase == "training":
                measured("train.stopping", True, None, "Stopping: a checkpoint is written first.")
            elif self.phase == "preparing":
                measured(
                    "train.stopped",
                    0,
                    "steps",
                    "Stopped before training began: there was nothing to save.",
                )
                self.leave()
            else:
                measured(
                    "train.stopping",
                    True,
                    None,
                    "Stopping: training is over, the adapter is being saved.",
                )

    def enter(self, phase):
        """Say what goes on now: preparing, training or finishing."""
        with self.lock:
            self.phase = phase

    def leave(self):
        """End the process from any thread, whatever computes."""
        if self.on_exit:
            self.on_exit()
        end(6)


def end(code):
    """End the process. One of several leaves its code to the script that started it: a launcher would tell its own."""
    if SHARED and FIRST:
        write_json(os.path.join(SHARED, "code"), code)
    os._exit(0 if SHARED else code)


def is_held(path):
    """Whether another process holds this file's lock; the system takes it from one that is killed, too."""
    import fcntl

    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # it is no longer there
        return False
    return False


def agree(wish):
    """The largest wish of all processes: 0 to go on, 1 to save, 2 to save and stop. Each asks after the same step: one
    that stopped by itself would leave the others waiting.
    """
    if PROCESSES == 1:
        return wish
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"  # the card that is this process's own
    flag = torch.tensor([wish], device=device)
    torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
    return int(flag.item())


# ---- Data ----


def read_rows(path):
    """The rows of data.jsonl; a row that is not in the form above is named with its line."""
    if not os.path.isfile(path):
        raise Problem(
            "no-data", f"There is no file {path}.", "Make data.jsonl, or say --data FILE.", 2
        )
    rows = []
    try:
        with open(path, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rows.append(check_row(json.loads(line), f"Line {number} of {path}"))
    except UnicodeDecodeError as fault:
        raise Problem(
            "bad-data", f"{path} is not UTF-8: {fault.reason}.", "Save it as UTF-8.", 2
        ) from fault
    except (ValueError, RecursionError) as fault:
        raise Problem(
            "bad-data",
            f"Line {number} of {path} is not JSON: {fault}.",
            "One JSON object a line.",
            2,
        ) from fault
    if not rows:
        raise Problem("bad-data", f"{path} holds no rows.", "", 2)
    return rows


def check_row(row, where):
    """A row as it is, if it has one of the two forms."""
    good = isinstance(row, dict) and (
        (isinstance(row.get("text"), str) and row["text"].strip()) or row.get("messages")
    )
    if good and "messages" in row:
        turns = row["messages"]
        good = isinstance(turns, list) and all(
            isinstance(m, dict)
            and m.get("role") in ("system", "user", "assistant")
            and isinstance(m.get("content"), str)
            for m in turns
        )
        body = turns[1:] if good and turns[0]["role"] == "system" else turns
        good = good and bool(body) and len(body) % 2 == 0
        good = good and all(
            m["role"] == ("assistant" if i % 2 else "user") for i, m in enumerate(body)
        )
    if not good:
        raise Problem("bad-data", f"{where} is not a row: expected messages (question and answer by turns) or text.",
                      "Let the program convert your file, or see the head of this script.", 2)  # fmt: skip
    return row


# ---- The tokenizer step: what the preview shows is what is trained ----


class Tokens:
    """Turns a row into token numbers and a mask of what is learnt, with the model's own tokenizer and chat template."""

    def __init__(self, model, length, learn):
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(model)
        self.length, self.learn, self.notes, self.scaffolds = length, learn, [], {}
        self.eos = self.tokenizer.eos_token or ""
        if not self.eos:
            raise Problem("no-end-mark", "The model's tokenizer has no end mark (eos_token), so that it could never stop.",
                          "Take another model.", 2)  # fmt: skip
        if not self.tokenizer.chat_template:
            self.tokenizer.chat_template = PLAIN_TEMPLATE
            self.notes.append(
                "The model has no chat template; a plain form is used (### Instruction, ### Response)."
            )
        self.marks = {*self.tokenizer.all_special_tokens, *self.tokenizer.get_added_vocab()}
        first = self.tokenizer("a")["input_ids"][:1]
        self.bos = first if first == [self.tokenizer.bos_token_id] else []
        self.takes_system = self._takes_system()

    def render(self, messages, prompt=False):
        """The text of a conversation in the model's own form; ``prompt``: ready for the next answer."""
        return self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=prompt
        )

    def fit(self, messages):
        """The messages as the template takes them: without a system role of its own it stands before the first question."""
        if messages[0]["role"] != "system" or self.takes_system:
            return messages
        both = messages[0]["content"] + "\n\n" + messages[1]["content"]
        return [{"role": "user", "content": both}, *messages[2:]]

    def examples(self, row):
        """Every example that a row makes: (token numbers, learnt mask, text, learnt spans, tokens that were cut off)."""
        if "text" in row:
            return self._pieces(row["text"])
        text, spans = self._conversation(self.fit(row["messages"]))
        ids, learnt = self._tokenize(text, spans if self.learn == "answers" else [(0, len(text))])
        cut = max(0, len(ids) - self.length)
        return [(ids[: self.length], learnt[: self.length], text, spans, cut)]

    def prompt(self, row):
        """(token numbers to go on from, what to expect, the question for people) of a row that was kept apart."""
        if "text" in row:
            ids = self._tokenize(row["text"], [])[0]
            half = min(64, len(ids) // 2)
            return (
                ids[:half],
                self.tokenizer.decode(ids[half : half + ANSWER_TOKENS]),
                self.tokenizer.decode(ids[:half]),
            )
        messages = self.fit(row["messages"])
        return (
            self._tokenize(self.render(messages[:-1], True), [])[0],
            messages[-1]["content"],
            messages[-2]["content"],
        )

    def _takes_system(self):
        turns = [{"role": "system", "content": "Qsys7"}, {"role": "user", "content": "Qusr7"}]
        try:
            return "Qsys7" in self.render(turns)
        except Exception:  # templates raise what they like for a role that they do not know
            return False

    def _pieces(self, text):
        """Text in pieces of the context's length: nothing is cut away."""
        ids, learnt = self._tokenize(text + self.eos, [(0, len(text) + len(self.eos))])
        starts = range(0, len(ids), self.length)
        pieces = [(ids[s : s + self.length], learnt[s : s + self.length]) for s in starts]
        last_text = [text] + [""] * (len(pieces) - 1)
        return [(i, m, t, [(0, len(t))] if t else [], 0) for (i, m), t in zip(pieces, last_text)]

    def _scaffold(self, roles):
        """What the template writes around the contents, found with contents that stand for others; None: it differs."""
        if roles not in self.scaffolds:
            marks = [f"Qz{number}zQ" for number in range(len(roles))]
            text = self.render(
                [{"role": role, "content": mark} for role, mark in zip(roles, marks)]
            )
            pieces, rest = [], text
            for mark in marks:
                before, found, rest = rest.partition(mark)
                pieces.append(before if found and mark not in rest else None)
            asked = [{"role": "user", "content": "Qz0zQ"}]
            bare, prompt = self.render(asked), self.render(asked, True)
            opening = prompt[len(bare) :] if prompt.startswith(bare) else ""
            self.scaffolds[roles] = None if None in pieces else ([*pieces, rest], opening)
        return self.scaffolds[roles]

    def _conversation(self, messages):
        """(text, spans of the answers with their end marks). The text is the template's own; only a missing end is added."""
        text = self.render(messages)
        scaffold = self._scaffold(tuple(m["role"] for m in messages))
        found = None
        if scaffold:
            for contents in (
                [m["content"] for m in messages],
                [m["content"].strip() for m in messages],
            ):
                found = found or match(text, scaffold[0], contents)
        opening = scaffold[1] if scaffold else ""
        found = found or search(text, messages)
        if not found:
            raise Problem(
                "template",
                "the model's chat template changes the answers, so that they cannot be found in its text",
            )
        tail = text[found[-1][1] :]
        spans = []
        for number, (message, (begin, end)) in enumerate(zip(messages, found)):
            if message["role"] != "assistant":
                continue
            before = text[found[number - 1][1] if number else 0 : begin]
            at = before.rfind(opening) if opening else -1
            if (
                at >= 0
            ):  # what stands between the opening and the answer (an empty thought) is the model's to write
                begin -= len(before) - at - len(opening)
            after = text[end : found[number + 1][0]] if number + 1 < len(found) else tail
            spans.append((begin, end + len(os.path.commonprefix([tail, after]).rstrip())))
        if not any(mark and mark in tail for mark in self.marks):
            text += self.eos
            spans[-1] = (spans[-1][0], len(text))
            note = "The model's chat template ends an answer without an end mark; it is added, so that the model learns to stop."
            if note not in self.notes:
                self.notes.append(note)
        return text, spans

    def _tokenize(self, text, spans):
        """(token numbers, learnt mask): a token is learnt where it overlaps a span."""
        begin = [] if not self.bos or text.startswith(self.tokenizer.bos_token) else self.bos
        ids, learnt = array("l", begin), bytearray(len(begin))
        if self.tokenizer.is_fast:
            coded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            ids.extend(coded["input_ids"])
            at = 0
            for start, end in coded["offset_mapping"]:
                while at < len(spans) and spans[at][1] <= start:
                    at += 1
                learnt.append(at < len(spans) and end > spans[at][0])
            return ids, learnt
        edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
        for start, end in zip(edges, edges[1:]):  # tokenizers without positions: piece by piece
            part = self.tokenizer(text[start:end], add_special_tokens=False)["input_ids"]
            ids.extend(part)
            learnt.extend([any(s <= start < e for s, e in spans)] * len(part))
        return ids, learnt


def match(text, pieces, contents):
    """Positions of the contents if the text is exactly the pieces with the contents between them, else None."""
    places, at = [], 0
    for piece, content in zip(pieces, contents):
        if not text.startswith(piece + content, at):
            return None
        places.append((at + len(piece), at + len(piece) + len(content)))
        at = places[-1][1]
    return places if text[at:] == pieces[-1] else None


def search(text, messages):
    """Positions of the contents one after another, for templates that leave out thoughts of earlier turns; else None."""
    places, at = [], 0
    for message in messages:
        content = message["content"].strip()
        start = text.find(content, at)
        if start < 0 and "</think>" in content:
            content = content.rpartition("</think>")[2].strip()
            start = text.find(content, at)
        if start < 0:
            return None
        at = start + len(content)
        places.append((start, at))
    return places


class Prepared:
    """All examples of the data, apart for training and for measuring, and what was seen while they were made."""

    def __init__(self, rows, tokens, wishes, stop=None):
        self.examples, self.shown, self.left_out, self.cut, self.sources = [], [], {}, 0, []
        lengths = []
        for number, row in enumerate(rows, 1):
            if number % 2000 == 0:
                tell(
                    "progress",
                    f"  {number} of {len(rows)} rows",
                    done=number,
                    total=len(rows),
                    unit="rows",
                    note="tokens",
                )
            try:
                made = tokens.examples(row)
            except Problem as problem:
                self._leave_out(str(problem))
                continue
            except (
                Exception
            ) as fault:  # a template raises what it likes: jinja's errors, or its own
                self._leave_out(f"the model's chat template refuses it ({first_line(fault)})")
                continue
            for ids, learnt, text, spans, cut in made:
                if len(self.shown) < 3 and text:
                    self.shown.append(
                        {"text": text, "learnt": spans, "tokens": len(ids) + cut, "cut": cut}
                    )
                lengths.append(len(ids) + cut)
                self.cut += cut > 0
                if not any(learnt[1:]):
                    self._leave_out("all that would be learnt lies beyond the context")
                    continue
                self.examples.append((ids, learnt))
                self.sources.append(row)
        if not self.examples:
            raise Problem(
                "no-rows",
                f"No row is left to train on: {'; '.join(self.left_out) or 'there was none'}.",
                "",
                2,
            )
        self.lengths = sorted(lengths)
        self._split(wishes)

    def _leave_out(self, why):
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def _split(self, wishes):
        """Three rows to answer, and a share to measure on; never more than a quarter of all."""
        order = list(range(len(self.examples)))
        random.Random(wishes.seed).shuffle(order)
        held = min(HELD_OUT, len(order) // 4)
        apart = max(held, min(int(len(order) * wishes.evaluate), 1000)) if wishes.evaluate else held
        self.held = [self.sources[i] for i in order[:held]]
        self.evaluation = [self.examples[i] for i in order[:apart]] if wishes.evaluate else []
        self.training = [self.examples[i] for i in order[apart:]]

    def steps(self, wishes):
        """Steps of the whole run; each process of several takes a batch of its own."""
        batches = math.ceil(len(self.training) / (wishes.batch * wishes.cards))
        a_epoch = max(1, math.ceil(batches / wishes.accumulate))
        return wishes.max_steps or math.ceil(a_epoch * wishes.epochs)

    def describe(self, tokens, wishes):
        """What the preview shows, as one value."""
        top = self.lengths[-1]
        edge = 2 ** max(0, math.ceil(math.log2(top / 8)))
        edges = [edge * (k + 1) for k in range(math.ceil(top / edge))]
        counts = (
            [sum(e - edge < n <= e for n in self.lengths) for e in edges]
            if len(self.lengths) < 2e5
            else []
        )
        learnt = sum(sum(mask) for _, mask in self.training)
        total = sum(len(ids) for ids, _ in self.training)
        return {"rows": self.shown, "examples": len(self.examples), "training": len(self.training),
                "evaluation": len(self.evaluation), "held_out": len(self.held), "left_out": self.left_out, "cut": self.cut,
                "length": {"context": wishes.length, "median": self.lengths[len(self.lengths) // 2], "longest": top,
                           "edges": edges, "counts": counts},
                "tokens": total, "learnt_tokens": learnt, "steps": self.steps(wishes), "notes": tokens.notes}  # fmt: skip


def show(seen, wishes):
    """The preview for people."""
    lines = []
    for number, row in enumerate(seen["rows"], 1):
        text, at = "", 0
        for begin, end in row["learnt"]:
            text += row["text"][at:begin] + "[[" + row["text"][begin:end] + "]]"
            at = end
        text += row["text"][at:]
        more = f", of which {row['cut']} are cut off" if row["cut"] else ""
        lines += [
            f"--- Row {number}: {row['tokens']} tokens{more}. What is learnt stands in [[ ]]. ---",
            text[:2000],
        ]
    length = seen["length"]
    lines.append(
        f"--- {seen['training']} rows to train on, {seen['evaluation']} to measure on, {seen['held_out']} to answer ---"
    )
    width = max([*length["counts"], 1])
    for edge, count in zip(length["edges"], length["counts"]):
        lines.append(f"  up to {edge:6} tokens  {count:7}  {'#' * math.ceil(40 * count / width)}")
    lines.append(f"Context: {wishes.length} tokens; {seen['cut']} rows are longer and are cut. "
                 f"{seen['tokens']} tokens an epoch, {seen['learnt_tokens']} of them learnt; {seen['steps']} steps.")  # fmt: skip
    lines += [f"Left out: {count} ({why})." for why, count in seen["left_out"].items()]
    return "\n".join([*lines, *seen["notes"]])


# ---- The run's own record: resume is offered only where nothing has changed ----


class Run:
    """output/run.json: what was trained on what, and how far it came."""

    def __init__(self, wishes):
        self.folder, self.path = wishes.output, os.path.join(wishes.output, "run.json")
        self.checkpoints = os.path.join(wishes.output, "checkpoints")
        self.values = {"schema": "run/1", "state": "running", "step": 0, "total": None,
                       "data": {"sha256": file_hash(wishes.data)}, "model": model_mark(wishes.model),
                       "settings": {name: getattr(wishes, name.lower()) for name in SHAPING}}  # fmt: skip

    def open(self, resume, overwrite):
        """Begin or go on: the path of the checkpoint to go on from, or None. Refuses a folder with another run in it."""
        if not FIRST:  # the first process judges and writes; it ends this one where it refuses
            while not (resume or overwrite or os.path.exists(self.path)):
                time.sleep(
                    0.05
                )  # what this one puts into the folder must not be what the first finds there
            found = self.complete() if resume and os.path.isdir(self.checkpoints) else []
            return os.path.join(self.checkpoints, found[-1]) if found else None
        earlier = read_json(self.path)
        if resume:
            if earlier is None:
                raise Problem(
                    "no-run",
                    f"There is no run to go on with in {self.folder}.",
                    "Start without --resume.",
                    2,
                )
            self.compare(earlier)
            self.values["answers_before"] = earlier.get("answers_before")
        elif os.path.isdir(self.folder) and os.listdir(self.folder) and not overwrite:
            raise Problem("output-not-empty", f"The folder {self.folder} is not empty.",
                          "Name another with --output, go on with --resume, or say --overwrite.", 2)  # fmt: skip
        elif overwrite and earlier is not None:
            shutil.rmtree(self.checkpoints, ignore_errors=True)  # of the run that is replaced
        try:
            os.makedirs(self.checkpoints, exist_ok=True)
        except OSError as fault:
            raise Problem(
                "output", f"The folder {self.folder} cannot be made: {fault.strerror}.", "", 2
            ) from fault
        found = self.complete() if resume else []
        for name in os.listdir(self.checkpoints) if resume else []:
            if name not in found:  # begun when the run was cut off
                shutil.rmtree(os.path.join(self.checkpoints, name), ignore_errors=True)
        if found:
            self.values.update(step=int(found[-1].rpartition("-")[2]), total=earlier.get("total"))
        self.save()
        return os.path.join(self.checkpoints, found[-1]) if found else None

    def compare(self, earlier):
        """Raise with all that differs from the run that is to be gone on with."""
        if earlier.get("state") == "finished":
            raise Problem(
                "finished",
                f"The run in {self.folder} is finished; nothing is left to go on with.",
                "",
                2,
            )
        differs = []
        for name, now in self.values["settings"].items():
            was = earlier.get("settings", {}).get(name, 1 if name == "CARDS" else None)
            if was != now:
                differs.append(f"{name.lower()} was {was} and is {now}")
        if earlier.get("data") != self.values["data"]:
            differs.append("the data are others")
        if earlier.get("model") != self.values["model"]:
            differs.append(
                f"the model was {(earlier.get('model') or {}).get('name')} or its files have changed"
            )
        if differs:
            raise Problem("differs", f"This run cannot be gone on with: {'; '.join(differs)}.",
                          "Set them as they were, or begin again in another folder.", 2, differs=differs)  # fmt: skip

    def complete(self):
        """Names of the checkpoints that were written to their end, oldest first."""
        names = [
            n
            for n in os.listdir(self.checkpoints)
            if n.startswith("checkpoint-") and n[11:].isdigit()
        ]
        return sorted(
            (n for n in names if is_complete(os.path.join(self.checkpoints, n))),
            key=lambda n: int(n[11:]),
        )

    def seal(self, folder):
        """Mark a checkpoint as complete once its bytes are on the disk; only then older ones go, all but one."""
        sizes = {}
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and name != "complete.json":
                with open(path, "rb+") as file:
                    os.fsync(file.fileno())
                sizes[name] = os.path.getsize(path)
        write_json(os.path.join(folder, "complete.json"), {"files": sizes})
        for name in self.complete()[:-2]:
            shutil.rmtree(os.path.join(self.checkpoints, name), ignore_errors=True)

    def save(self, **values):
        """Write the record, atomically."""
        self.values.update(values)
        if FIRST:
            write_json(self.path, self.values)


def is_complete(folder):
    """Whether all files of a checkpoint have the sizes that were noted when it was complete."""
    noted = read_json(os.path.join(folder, "complete.json"))
    files = noted.get("files") if isinstance(noted, dict) else None
    paths = {os.path.join(folder, name): size for name, size in (files or {}).items()}
    return bool(paths) and all(
        os.path.isfile(path) and os.path.getsize(path) == size for path, size in paths.items()
    )


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def write_json(path, value):
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(plain(value), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def file_hash(path):
    """SHA-256 of a file."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def model_mark(model):
    """What tells one model from another: its name, or its folder's small files and the sizes of the large ones."""
    if not os.path.isdir(model):
        return {"name": model}
    marks = {}
    for name in sorted(os.listdir(model)):
        path = os.path.join(model, name)
        if os.path.isfile(path):
            small = name.endswith((".json", ".jinja", ".txt")) and os.path.getsize(path) < 1 << 26
            marks[name] = file_hash(path) if small else os.path.getsize(path)
    whole = hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()
    return {"name": os.path.basename(os.path.abspath(model)), "sha256": whole}


# ---- Model ----


def check_model(model):
    """Refuse what is no model before anything heavy is loaded."""
    if model.lower().endswith(".gguf"):
        raise Problem(
            "model",
            f"{model} is a GGUF file, which can be run but not trained.",
            "Name the model it came from.",
            2,
        )
    if os.path.isdir(model):
        if not os.path.isfile(os.path.join(model, "config.json")):
            what = (
                "an adapter"
                if os.path.isfile(os.path.join(model, "adapter_config.json"))
                else "no model (no config.json)"
            )
            raise Problem(
                "model",
                f"The folder {model} holds {what}.",
                "Name a model's folder, or its name on the hub.",
                2,
            )
        if not any(name.endswith((".safetensors", ".bin")) for name in os.listdir(model)):
            raise Problem(
                "model",
                f"The folder {model} holds no weights (.safetensors).",
                "Fetch the model whole.",
                2,
            )
    elif (
        os.path.isabs(model)
        or model.startswith((".", "~"))
        or model.count("/") > 1
        or "\\" in model
    ):
        raise Problem(
            "model",
            f"There is no folder {model}.",
            "Name a model's folder, or its name on the hub.",
            2,
        )


def load(wishes):
    """The model with LoRA matrices on its projections. Unsloth is imported first: it replaces parts of the others."""
    try:
        from unsloth import FastLanguageModel
    except ImportError as fault:
        raise Problem(
            "no-unsloth",
            f"Unsloth cannot be imported: {first_line(fault)}",
            "Run inside the environment.",
        ) from fault
    import torch

    loader = sys.modules.get("unsloth.models.loader_utils")
    if hasattr(
        loader, "_get_new_mapper"
    ):  # releases up to 2025 run a file from the internet for names they do not know
        loader._get_new_mapper = lambda *_: ({}, {}, {})
    if torch.version.cuda is not None and not torch.cuda.is_available():
        raise Problem(
            "no-card",
            "PyTorch is built for CUDA but reaches no card: driver missing, too old, or the card is hidden.",
        )
    on_card = torch.cuda.is_available()
    if on_card and torch.cuda.device_count() < PROCESSES:
        raise Problem("cards", f"--cards is {PROCESSES}; PyTorch reaches {torch.cuda.device_count()}.",
                      "Take no more than it reaches.", 2)  # fmt: skip
    if not on_card:
        wishes.bits = 16
    if (
        PROCESSES > 1 and not on_card
    ):  # accelerate calls a processor cpu:0, to which torch reads no checkpoint back
        torch.serialization.register_package(
            100, lambda _: None, lambda storage, place: storage if place[:4] == "cpu:" else None
        )
    bf16 = (
        on_card and torch.cuda.get_device_capability()[0] >= 8
    )  # is_bf16_supported() also says yes where it is imitated
    dtype = (torch.bfloat16 if bf16 else torch.float16) if on_card else torch.float32
    more = {"device_map": {"": int(os.environ["LOCAL_RANK"])}} if PROCESSES > 1 and on_card else {}
    model, _ = FastLanguageModel.from_pretrained(model_name=wishes.model, max_seq_length=wishes.length, dtype=dtype,
                                                 load_in_4bit=wishes.bits == 4, **more)  # fmt: skip
    model = FastLanguageModel.get_peft_model(
        model, r=wishes.rank, lora_alpha=wishes.alpha, lora_dropout=0, bias="none", random_state=wishes.seed,
        target_modules=MODULES, use_gradient_checkpointing="unsloth" if on_card else False)  # fmt: skip
    return FastLanguageModel, model, dtype


def answers(fast, model, tokens, rows, stop):
    """Greedy answers to the rows that were kept apart. A failure here costs the answers, not the run."""
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    class Wished(StoppingCriteria):
        def __call__(self, input_ids, scores, **more):
            return torch.full((input_ids.shape[0],), stop.wished.is_set(), device=input_ids.device)

    given = []
    try:
        fast.for_inference(model)
        ends = ends_of(model, tokens)
        for row in rows:
            ids, expected, question = tokens.prompt(row)
            ids = torch.tensor(
                [list(ids[-tokens.length :])], device=next(model.parameters()).device
            )
            with torch.no_grad():
                out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=ANSWER_TOKENS,
                                     do_sample=False, pad_token_id=ends[0], eos_token_id=ends,
                                     stopping_criteria=StoppingCriteriaList([Wished()]))  # fmt: skip
            text = tokens.tokenizer.decode(out[0][ids.shape[1] :], skip_special_tokens=True)
            given.append({"question": question, "expected": expected, "answer": text,
                          "ended": int(out[0][-1]) in ends})  # fmt: skip
    except Exception as fault:
        if out_of_memory(fault):
            torch.cuda.empty_cache() if torch.cuda.is_available() else None
        measured(
            "train.note",
            first_line(fault),
            None,
            f"The answers could not be made: {first_line(fault)}",
        )
    finally:
        fast.for_training(model)
    return given


def ends_of(model, tokens):
    """Token numbers that end an answer: the model's own list and the tokenizer's end mark."""
    own = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    own = own if isinstance(own, list) else [own] if own is not None else []
    return [*dict.fromkeys([*own, tokens.tokenizer.eos_token_id])]


# ---- Training ----


class Collator:
    """Pads a batch on the right; what is not learnt has the label -100. Counts tokens for the speed."""

    def __init__(self, pad, types):
        self.pad, self.types, self.tokens = pad, types, 0

    def __call__(self, rows):
        import torch

        width = math.ceil(max(len(ids) for ids, _ in rows) / 8) * 8
        ids = torch.full((len(rows), width), self.pad, dtype=torch.long)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, -100)
        for i, (numbers, learnt) in enumerate(rows):
            n = len(numbers)
            ids[i, :n] = torch.tensor(list(numbers))
            mask[i, :n] = 1
            labels[i, :n] = torch.where(
                torch.tensor(list(learnt), dtype=torch.bool), ids[i, :n], -100
            )
            self.tokens += n
        batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        if self.types:  # models with pictures want to know which tokens are text
            batch["token_type_ids"] = torch.zeros_like(ids)
        return batch


def watcher(wishes, run, stop, collator, dtype):
    """The callback that tells, judges, saves by time, and stops."""
    import torch
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        saved = began = start = time.monotonic()
        bad = seen = first = ended = 0

        def on_train_begin(self, args, state, control, **more):
            self.saved = self.began = self.start = time.monotonic()
            self.first = state.global_step
            run.save(total=state.max_steps)
            epochs = f"{wishes.epochs:g} epochs" if not wishes.max_steps else "as --max-steps asks"
            measured("train.steps", state.max_steps, "steps", f"{state.max_steps} steps ({epochs}), from step {state.global_step}.",
                     begin=state.global_step, epochs=state.num_train_epochs)  # fmt: skip

        def on_train_end(self, args, state, control, **more):
            self.ended = time.monotonic()

        def on_substep_end(self, args, state, control, **more):
            if stop.wished.is_set() and PROCESSES == 1:
                control.should_training_stop = control.should_save = True

        def on_step_end(self, args, state, control, **more):
            due = time.monotonic() - self.saved > wishes.checkpoint_minutes * 60
            wish = agree(2 if stop.wished.is_set() else int(due))
            if wish == 2:
                stop.wished.set()
                control.should_training_stop = control.should_save = True
                control.should_evaluate = False
            elif wish == 1:
                control.should_save = True

        def on_prediction_step(self, args, state, control, **more):
            if stop.wished.is_set() and stop.phase == "training" and PROCESSES == 1:
                raise StopNow

        def on_save(self, args, state, control, **more):
            self.saved = time.monotonic()
            if FIRST:
                run.seal(os.path.join(args.output_dir, f"checkpoint-{state.global_step}"))
                passed = max(time.monotonic() - self.start, 1e-9)
                run.save(step=state.global_step, tokens_per_s=collator.tokens / passed)
                measured(
                    "train.checkpoint",
                    state.global_step,
                    "steps",
                    f"Checkpoint at step {state.global_step}.",
                )

        def on_log(self, args, state, control, logs=None, **more):
            logs = logs or {}
            if "loss" in logs:
                self.judge(float(logs["loss"]), logs.get("grad_norm"), state)
                seconds, tokens = time.monotonic() - self.began, collator.tokens
                rate = (tokens - self.seen) / max(seconds, 1e-9)
                self.began, self.seen = time.monotonic(), tokens
                a_step = (self.began - self.start) / max(state.global_step - self.first, 1)
                left = a_step * (state.max_steps - state.global_step)
                loss, memory = float(logs["loss"]), None
                if torch.cuda.is_available():
                    memory = torch.cuda.max_memory_reserved()
                measured("train.loss", loss, "nats a token", f"step {state.global_step}/{state.max_steps}  loss {loss:.4f}  "
                         f"{rate:.0f} tokens/s", step=state.global_step, epoch=state.epoch, grad_norm=logs.get("grad_norm"),
                         learning_rate=logs.get("learning_rate"), tokens_per_s=rate, seconds_left=left, memory=memory)  # fmt: skip
                tell(
                    "progress",
                    done=state.global_step,
                    total=state.max_steps,
                    unit="steps",
                    rate=1 / max(a_step, 1e-9),
                )
            if "eval_loss" in logs:
                loss = float(logs["eval_loss"])
                self.began, self.seen = time.monotonic(), collator.tokens
                measured("train.evaluation_loss", loss, "nats a token", f"step {state.global_step}  evaluation loss {loss:.4f}",
                         step=state.global_step)  # fmt: skip

        def judge(self, loss, norm, state):
            """Stop with a reason when numbers are no numbers. In fp16 single overflows are normal: the scale falls then."""
            sound = math.isfinite(loss) and (norm is None or math.isfinite(float(norm)))
            self.bad = 0 if sound else self.bad + 1
            if self.bad > (20 if dtype == torch.float16 and math.isfinite(loss) else 0):
                what = "loss" if not math.isfinite(loss) else "gradient"
                hint = f"Take a lower learning rate (it is {wishes.learning_rate:g}); look at the rows for odd ones."
                if dtype == torch.float16:
                    hint += " This card computes in fp16, whose numbers end at 65504: some models need a card with bf16."
                raise Problem("not-a-number", f"At step {state.global_step} the {what} is no finite number ({loss}, {norm}).",
                              hint, step=state.global_step)  # fmt: skip

    return Watcher()


def arguments(wishes, run, prepared, dtype):
    """The trainer's settings; names that this transformers does not know are of others' age and left out."""
    import inspect
    import torch
    from transformers import TrainingArguments

    on_card = torch.cuda.is_available()
    total = prepared.steps(wishes)
    wanted = {
        "output_dir": run.checkpoints, "per_device_train_batch_size": wishes.batch,
        "per_device_eval_batch_size": wishes.batch, "gradient_accumulation_steps": wishes.accumulate,
        "num_train_epochs": wishes.epochs, "max_steps": wishes.max_steps or -1, "warmup_steps": min(5, total // 10),
        "learning_rate": wishes.learning_rate, "weight_decay": 0.01, "lr_scheduler_type": "linear", "max_grad_norm": 1.0,
        "optim": "adamw_8bit" if on_card else "adamw_torch", "bf16": dtype == torch.bfloat16,
        "fp16": dtype == torch.float16, "logging_steps": 1, "logging_nan_inf_filter": False, "save_strategy": "no",
        "eval_strategy": "steps" if prepared.evaluation else "no", "eval_steps": max(1, total // 10),
        "prediction_loss_only": True, "report_to": "none", "disable_tqdm": True, "seed": wishes.seed,
        "data_seed": wishes.seed, "remove_unused_columns": False, "dataloader_num_workers": 0,
        "dataloader_pin_memory": on_card, "use_cpu": not on_card, "label_names": ["labels"],
        "ddp_find_unused_parameters": False,
    }  # fmt: skip
    known = inspect.signature(TrainingArguments).parameters
    if "eval_strategy" not in known:
        wanted["evaluation_strategy"] = wanted.pop("eval_strategy")
    return TrainingArguments(**{name: value for name, value in wanted.items() if name in known})


def train(wishes, run, stop, checkpoint, rows):
    """Load, train, save the adapter, answer. Returns whether the run came to its end."""
    fast, model, dtype = load(wishes)
    import inspect
    from transformers import Trainer

    tokens = Tokens(wishes.model, wishes.length, wishes.learn)
    prepared = Prepared(rows, tokens, wishes, stop)
    seen = prepared.describe(tokens, wishes)
    measured("train.data", seen["training"], "rows", f"{seen['training']} rows to train on, {seen['evaluation']} to measure on, "
             f"{seen['held_out']} to answer; {seen['steps']} steps.", **seen)  # fmt: skip
    check_room(model, run)
    before = run.values.get("answers_before") or answers(fast, model, tokens, prepared.held, stop)
    run.save(answers_before=before)
    base = getattr(model, "get_base_model", lambda: model)()
    types = "token_type_ids" in inspect.signature(base.forward).parameters and hasattr(
        model.config, "vision_config"
    )
    collator = Collator(tokens.tokenizer.pad_token_id or 0, types)
    eye = watcher(wishes, run, stop, collator, dtype)
    trainer = Trainer(model=model, args=arguments(wishes, run, prepared, dtype), train_dataset=prepared.training,
                      eval_dataset=prepared.evaluation or None, data_collator=collator, callbacks=[eye])  # fmt: skip
    for kind in ("PrinterCallback", "ProgressCallback"):  # the watcher tells all of it
        trainer.callback_handler.callbacks = [
            c for c in trainer.callback_handler.callbacks if type(c).__name__ != kind
        ]
    agree(0)  # all begin together: before this each may stop by itself, after it all stop as one
    stop.enter("training")
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except StopNow:
        trainer._save_checkpoint(trainer.model, None)
        eye.on_save(trainer.args, trainer.state, trainer.control)
    step, total = trainer.state.global_step, trainer.state.max_steps
    if stop.wished.is_set() and step < total:
        last = run.complete()[-1:]
        run.save(state="stopped", step=step)
        measured("train.stopped", step, "steps", f"Stopped at step {step} of {total}; checkpoint written. Go on with --resume.",
                 total=total, checkpoint=os.path.join(run.checkpoints, last[0]) if last else None)  # fmt: skip
        return False
    stop.enter("finishing")
    save_adapter(model, tokens.tokenizer, run)
    after = answers(fast, model, tokens, prepared.held, stop) if prepared.held else []
    pairs = [{**one, "before": old["answer"]} for one, old in zip(after, before)]
    passed = max(eye.ended - eye.start, 1e-9)
    run.save(state="finished", step=step, answers_after=after, tokens_per_s=collator.tokens / passed, losses=[
        {k: e[k] for k in ("step", "loss", "eval_loss") if k in e} for e in trainer.state.log_history
        if "loss" in e or "eval_loss" in e])  # fmt: skip
    for pair in pairs:
        measured("train.answer", pair["answer"], None, f"\nQuestion: {pair['question']}\nExpected: {pair['expected']}\n"
                 f"Before:   {pair['before']}\nAfter:    {pair['answer']}", **pair)  # fmt: skip
    measured("train.adapter", os.path.join(run.folder, "adapter"), None,
             f"Finished after {step} steps. The adapter lies in {os.path.join(run.folder, 'adapter')}.", steps=step)  # fmt: skip
    return True


def check_room(model, run):
    """Refuse a disk on which three checkpoints and the adapter have no room, before hours of training."""
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    need = trained * 12 * 3 + (
        64 << 20
    )  # weights in fp32 and two states of the optimizer, three times for a moment
    free = shutil.disk_usage(run.folder).free
    measured(
        "train.trainable",
        trained,
        "parameters",
        f"{trained / 1e6:.1f} million parameters are trained.",
        checkpoint=trained * 12,
    )
    if free < need:
        raise Problem("disk-full", f"The checkpoints need {need / 1e9:.2f} GB in {run.folder}; {free / 1e9:.2f} GB are free.",
                      "Make room, or name another folder with --output.")  # fmt: skip


def save_adapter(model, tokenizer, run):
    """output/adapter, there whole or not at all."""
    if not FIRST:
        return
    part, final = os.path.join(run.folder, "adapter.part"), os.path.join(run.folder, "adapter")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    if os.path.isdir(
        final
    ):  # of the run that --overwrite replaces, or of a run cut off after saving
        shutil.rmtree(final)
    os.replace(part, final)


# ---- Faults: what a file or a card can cause is a sentence ----


def first_line(fault):
    lines = str(fault).strip().splitlines() or [""]
    return f"{type(fault).__name__}: {lines[0]}"[:300]


def out_of_memory(fault):
    text = str(fault).lower()
    return (
        isinstance(fault, MemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "cannot allocate memory" in text
        or "not enough memory" in text
        or "paging file is too small" in text
    )


def smaller(wishes):
    """The next smaller settings, cheapest first, and what each costs."""
    ways = []
    if wishes.batch > 1:
        half = wishes.batch // 2
        ways.append({"options": {"batch": half, "accumulate": math.ceil(wishes.accumulate * wishes.batch / half)},
                     "costs": "a little speed, nothing else"})  # fmt: skip
    if wishes.bits == 16:
        ways.append({"options": {"bits": 4}, "costs": "a little precision of the base weights"})
    if wishes.length > 256:
        ways.append(
            {
                "options": {"length": wishes.length // 2},
                "costs": "longer rows are cut at half the length",
            }
        )
    if wishes.rank > 8:
        ways.append(
            {
                "options": {"rank": wishes.rank // 2, "alpha": max(1, wishes.alpha // 2)},
                "costs": "room to learn",
            }
        )
    return ways


def process_ended(wishes):
    """What is said of several processes one of which is gone without a word."""
    return (
        "process-ended",
        f"One of the {wishes.cards} training processes was ended from outside.",
        "What it wrote last stands above; perhaps the computer's memory was full.",
    )


def explain(fault, wishes):
    """An exception of the libraries as a Problem with a sentence; None for one that nobody foresaw."""
    text = str(fault)
    low = text.lower()
    if out_of_memory(fault):
        ways = smaller(wishes)
        causes = "; or ".join(
            " ".join(f"--{k} {v}" for k, v in way["options"].items()) + f" (costs {way['costs']})"
            for way in ways
        )
        return Problem(
            "memory-full",
            "The memory is full.",
            f"Take {causes}." if causes else "Take a smaller model.",
            smaller=ways,
        )
    if PROCESSES > 1 and any(word in low for word in ("gloo", "nccl", "closed by peer")):
        return Problem(*process_ended(wishes))  # what the others see of it
    try:
        free = shutil.disk_usage(wishes.output).free
    except OSError:
        free = 1 << 40
    if (
        "no space left" in low
        or getattr(fault, "errno", None) == 28
        or (free < 64 << 20 and "write" in low)
    ):
        return Problem(
            "disk-full",
            f"The disk that holds {wishes.output} is full.",
            "Make room; then go on with --resume.",
        )
    if "gated" in low or "401" in low or "403" in low:
        return Problem("model-gated", f"The hub does not give {wishes.model}: {first_line(fault)}",
                       "Accept its licence on its page, and check that your token is valid.")  # fmt: skip
    for part, code, message, hint in (
        ("outgoing traffic has been disabled", "model", "is not on this computer and nothing may be fetched", "Fetch it first."),
        ("couldn't connect", "network", "cannot be fetched: the hub is not reached", "Check the connection, or name a folder."),
        ("connection", "network", "cannot be fetched: the hub is not reached", "Check the connection, or name a folder."),
        ("is not a valid model identifier", "model", "is not known on the hub", "Check the name."),
        ("repository not found", "model", "is not known on the hub", "Check the name, and your token if it is private."),
        ("does not recognize this architecture", "model-too-new", "is newer than this environment knows", "Take a newer setup."),
        ("headertoo", "model-damaged", "is damaged: a weight file was cut off", "Fetch it again."),
        ("incompletebuffer", "model-damaged", "is damaged: a weight file was cut off", "Fetch it again."),
        ("error while deserializing", "model-damaged", "is damaged: a weight file cannot be read", "Fetch it again."),
        ("couldn't instantiate the backend tokenizer", "tokenizer", "has no tokenizer that can be read", "Fetch it whole."),
        ("can't load tokenizer", "tokenizer", "has no tokenizer that can be read", "Fetch it whole."),
        ("target modules", "model", "has no projections of the usual names to train", "Take another model."),
    ):  # fmt: skip
        if part in low:
            return Problem(code, f"The model {wishes.model} {message} ({first_line(fault)}).", hint)
    return None


# ---- Start ----


def options(argv):
    """The settings of the head, changed by options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name in SETTINGS:
        default = globals()[name]
        limits = {"BITS": [4, 16], "LEARN": ["answers", "all"]}.get(name)
        here = name in (
            "DATA",
            "OUTPUT",
        )  # the head's lie beside this file, an option's where it was typed
        parser.add_argument("--" + name.lower().replace("_", "-"), type=type(default), default=None if here else default,
                            choices=limits, help=f"default: {default}")  # fmt: skip
    parser.add_argument(
        "--preview", action="store_true", help="show rows as the model sees them; train nothing"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--check-resume",
        action="store_true",
        help="say whether --resume is possible; train nothing",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="write into an output folder that is not empty"
    )
    parser.add_argument("--card", help="the card's number, counted as nvidia-smi does")
    parser.add_argument("--stop-file", help="stop when this file appears; it is taken away then")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    wishes = parser.parse_args(argv)
    for name, low, high in (("epochs", 0, 1000), ("max_steps", 0, 10**9), ("length", 16, 10**6), ("batch", 1, 4096),
                            ("accumulate", 1, 4096), ("rank", 1, 1024), ("alpha", 1, 4096), ("learning_rate", 0, 1),
                            ("evaluate", 0, 0.5), ("checkpoint_minutes", 0, 10**6), ("cards", 1, 64)):  # fmt: skip
        value = getattr(wishes, name)
        if not low <= value <= high or (value == 0 and name in ("epochs", "learning_rate")):
            parser.error(
                f"--{name.replace('_', '-')} is {value}; expected a number from {low} to {high}"
            )
    for name in ("data", "output"):
        given = getattr(wishes, name)
        path = os.path.join(HERE, globals()[name.upper()]) if given is None else given
        setattr(wishes, name, os.path.abspath(path))
    if PROCESSES > 1:
        wishes.cards = PROCESSES
    return wishes


def prepare_environment(wishes):
    """Variables for the libraries, before any is imported: no statistics, cards in the driver's order, files of their own here."""
    temporary = os.path.join(wishes.output, "temp")
    os.makedirs(temporary, exist_ok=True)
    os.environ.update(TMPDIR=temporary, TEMP=temporary, TMP=temporary, UNSLOTH_DISABLE_STATISTICS="1",
                      HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1", WANDB_DISABLED="true", TOKENIZERS_PARALLELISM="false",
                      CUDA_DEVICE_ORDER="PCI_BUS_ID", HF_HUB_DISABLE_PROGRESS_BARS="1")  # fmt: skip
    tempfile.tempdir = None
    os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", os.path.join(temporary, "compiled"))
    if wishes.card is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = wishes.card
    point_at_models(wishes)


def point_at_models(wishes):
    """Where models lie; a folder, or a model that is here whole, asks nothing of the hub."""
    if wishes.models:
        os.environ["HF_HUB_CACHE"] = wishes.models
    if os.path.isdir(wishes.model):
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


def main(argv=None):
    global AS_JSON
    wishes = options(argv)
    AS_JSON = wishes.json
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    stop, run = Stop(wishes.stop_file), None
    try:
        check_model(wishes.model)
        rows = read_rows(wishes.data)
        if wishes.preview:
            point_at_models(wishes)
            tokens = Tokens(wishes.model, wishes.length, wishes.learn)
            seen = Prepared(rows, tokens, wishes).describe(tokens, wishes)
            measured("train.preview", seen["training"], "rows", show(seen, wishes), **seen)
            return 0
        run = Run(wishes)
        if wishes.check_resume:
            earlier = read_json(run.path)
            if earlier is None:
                raise Problem("no-run", f"There is no run to go on with in {wishes.output}.", "", 2)
            run.compare(earlier)
            steps = run.complete() if os.path.isdir(run.checkpoints) else []
            step = int(steps[-1][11:]) if steps else 0
            measured(
                "train.resumable",
                step,
                "steps",
                f"The run can go on from step {step}.",
                total=earlier.get("total"),
            )
            return 0
        if wishes.cards > 1 and "WORLD_SIZE" not in os.environ:
            return launch(wishes, run, sys.argv[1:] if argv is None else argv)
        if not FIRST:
            stop.watch()  # the first one's refusal ends its waiting
        checkpoint = run.open(wishes.resume, wishes.overwrite)
        if FIRST:
            stop.on_exit = lambda: run.save(state="stopped")
            stop.watch()
        prepare_environment(wishes)
        return 0 if train(wishes, run, stop, checkpoint, rows) else 6
    except Problem as problem:
        return failed(problem, run)
    except KeyboardInterrupt:
        return 6
    except Exception as fault:
        problem = explain(fault, wishes)
        if problem is None:
            problem = Problem(
                "unexpected",
                f"Training stopped for a reason that nobody foresaw: {first_line(fault)}",
            )
        return failed(problem, run, traceback.format_exc())
    finally:
        if run is not None and not wishes.check_resume and FIRST:
            shutil.rmtree(os.path.join(wishes.output, "temp"), ignore_errors=True)


def launch(wishes, run, argv):
    """Start this script once for each card, as ``accelerate launch`` does it; the exit code of the first of them.

    The processes stand apart from this one's terminal, so that a wish to stop reaches all of them once, through a file: a
    launcher that gets a signal kills what has not ended after 30 seconds, and a step with its checkpoint may take longer.
    """
    if os.name == "nt":
        raise Problem("cards", f"--cards is {wishes.cards}; expected 1 on Windows.",
                      "PyTorch for Windows lacks NCCL, through which cards exchange what they learnt.", 2)  # fmt: skip
    import fcntl
    from importlib.util import find_spec

    earlier = read_json(run.path) if wishes.resume else None
    if earlier is not None:
        run.compare(earlier)  # told at once, not once two processes have begun
    if find_spec("accelerate") is None:
        raise Problem("no-accelerate", "accelerate, which starts a process for each card, is not installed here.",
                      "Run inside the environment.")  # fmt: skip
    shared = tempfile.mkdtemp(prefix="train-")
    try:
        with open(os.path.join(shared, "alive"), "wb") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)  # gone with this process, however it ends
            asked = parent(wishes, shared, argv)
        code, told = (read_json(os.path.join(shared, name)) for name in ("code", "failed"))
        if code is not None:
            return code
        run.values = read_json(run.path) or run.values
        if asked:
            run.save(state="stopped")
            return 6
        if told is not None:
            raise Problem(**told.pop("detail"), **told)
        raise Problem(*process_ended(wishes))
    finally:
        shutil.rmtree(shared, ignore_errors=True)


def parent(wishes, shared, argv):
    """Start the processes and wait for their end; how often a stop was asked for meanwhile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A file of this run's own, so that none of the person's (accelerate config) decides anything.
    config = os.path.join(shared, "accelerate.json")
    write_json(config, {"compute_environment": "LOCAL_MACHINE", "distributed_type": "MULTI_GPU", "mixed_precision": "no",
                        "use_cpu": False, "debug": False, "num_processes": wishes.cards, "num_machines": 1,
                        "gpu_ids": "all"})  # fmt: skip
    # --multi_gpu is the way to several processes, on a processor too; the trainer sets the precision.
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", config, "--multi_gpu",
               "--num_processes", str(wishes.cards), "--num_machines", "1", "--main_process_port", str(port),
               "--mixed_precision", "no", "--dynamo_backend", "no", os.path.abspath(__file__), *argv]  # fmt: skip
    own = {"TRAIN_SHARED": shared, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if wishes.card is not None:
        own["CUDA_VISIBLE_DEVICES"] = wishes.card
    asked = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda *_: asked.append(True))
    process = subprocess.Popen(command, env=os.environ | own, start_new_session=True)
    while process.poll() is None:
        time.sleep(0.1)
        if wishes.stop_file and os.path.exists(wishes.stop_file):
            os.remove(wishes.stop_file)
            asked.append(True)
        if asked:
            write_json(os.path.join(shared, "stop"), True)
        if len(asked) > 1:
            measured("train.ended", True, None, "Ended at once, as asked twice.")
            process.terminate()  # the launcher hands it on; the processes obey it at once
            process.wait()
    return len(asked)


def failed(problem, run, details=""):
    """Tell a problem; its traceback, if any, goes to a file beside the run."""
    if SHARED and problem.code == "process-ended":
        os._exit(
            0
        )  # the script that started it tells it, with the other one's reason if that left one
    if details and run is not None and os.path.isdir(run.folder):
        path = os.path.join(run.folder, "error.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(details)
        problem.hint = f"{problem.hint} Details: {path}".strip()
    if SHARED and not FIRST:  # the script that started this one tells it, if the first one does not
        write_json(os.path.join(SHARED, "failed"), {"code": problem.code, "message": str(problem), "hint": problem.hint,
                                                    "exit_code": problem.exit_code, "detail": problem.detail})  # fmt: skip
        return problem.exit_code
    if (
        run is not None
        and os.path.isfile(run.path)
        and run.values["state"] == "running"
        and problem.exit_code == 4
    ):
        run.save(state="failed", error={"code": problem.code, "message": str(problem)})
    tell(
        "failed",
        f"{problem} {problem.hint}".strip(),
        code=problem.code,
        message=str(problem),
        hint=problem.hint,
        details=details,
    )
    for way in problem.detail.get("smaller", []):
        measured("train.smaller", way["options"], None, "", costs=way["costs"])
    return problem.exit_code


if (
    __name__ == "__main__"
):  # Windows starts helper processes by importing this file again: without this line they multiply
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    end(code)  # threads of the libraries have no say in the answer
