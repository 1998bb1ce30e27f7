"""Check: a fine-tune on several equal cards at once.

Each card multiplies matrices; then the small model of the first fine-tune learns on all of them, a process for each, as
``accelerate launch`` starts them (unsloth.ai/docs/basics/multi-gpu-training-with-unsloth). Afterwards all must hold the
same weights. Without a card the processes share the processor.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import fine_tune
import loops
import small_model
import telling
from bench import products
from bench.timing import Bench

# The folder that the processes share; where it is set, this is one of them.
FOLDER = os.environ.get("SEVERAL_CARDS_FOLDER", "")
WAITING = 300  # seconds that one process waits for the others before it gives up
# How the others see that one of them is gone.
AFTERMATH = ("closed by peer", "reset by peer", "broken pipe", "remote process exited")


# ---- One of the processes ----


class QuietBench(Bench):
    """Keeps its figures: which card they are of is told with them."""

    def report(
        self,
        name: str,
        value: float,
        unit: str,
        ok: bool,
        since: float,
        took: dict[str, float] | None = None,
        **detail: Any,
    ) -> None:
        """The figure, and what is wrong with it."""
        self.figure = {"product": value, "unit": unit, "ok": ok, "error": detail.get("error")}


def measure_card(torch: Any, device: Any, rank: int) -> dict[str, Any]:
    """A product in the type that the benchmark ends with, checked, on this process's own card."""
    bench = QuietBench(torch, device, None)
    kind = products.kinds(bench)[-1]
    products.product(bench, kind)
    ids = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    name = torch.cuda.get_device_name(device) if bench.cuda else "processor"
    if bench.cuda:
        torch.cuda.empty_cache()
    given = ids[rank].strip() if bench.cuda and rank < len(ids) else ""
    return {"number": rank, "card": name, "id": given, "type": kind, **bench.figure}


def checksum(torch: Any, model: Any) -> str:
    """SHA-256 over all weights that were trained, bit for bit."""
    digest = hashlib.sha256()
    for name, weights in sorted(model.named_parameters()):
        if weights.requires_grad:
            digest.update(name.encode())
            digest.update(weights.detach().to("cpu", torch.float32).numpy().tobytes())
    return digest.hexdigest()


def train_together(torch: Any, steps: int, bits: int) -> None:
    """What one process does; the first one writes down what all of them saw."""
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    on_card = telling.pick_device(torch).type == "cuda"
    if on_card:
        reached = torch.cuda.device_count()
        if reached < count:
            raise telling.CheckFailed(
                "cards-missing",
                telling.Message(
                    "PyTorch reaches {reached} of {count} cards.", reached=reached, count=count
                ),
            )
        torch.cuda.set_device(rank)
    device = torch.device("cuda", rank) if on_card else torch.device("cpu")
    own = measure_card(torch, device, rank)
    way = fine_tune.choose_way(torch, 512, bits)
    way.place = {"device_map": {"": rank}} if on_card else {}
    base = os.path.join(
        FOLDER, f"model-{rank}"
    )  # the same weights in each: they are made by a seed
    small_model.make(base, "card" if on_card else "processor")
    model, tokenizer = way.load(base)
    model = way.adapt(model)
    losses: list[float] = []
    norms: list[float] = []
    moments: list[float] = []
    rows = small_model.texts()
    callback = loops.recorder(torch, steps, losses, norms, moments, "several_cards.loss")
    more = {"ddp_find_unused_parameters": False, "ddp_timeout": WAITING}
    trainer = loops.build_trainer(way, model, tokenizer, rows, steps, FOLDER, callback, more)
    trainer.train()
    if not torch.distributed.is_initialized():
        raise telling.CheckFailed("no-group", telling.Message("Each process trained by itself."))
    world = torch.distributed.get_world_size()
    own |= {"weights": checksum(torch, model), "peak": fine_tune.peak_memory(torch)}
    everyone: list[Any] = [None] * world
    torch.distributed.all_gather_object(everyone, own)
    if rank:
        return
    mean_tokens = statistics.mean(len(tokenizer(row)["input_ids"]) for row in rows[:50])
    write(
        "result",
        {
            "processes": world,
            "backend": str(torch.distributed.get_backend()),
            "cards": everyone,
            "losses": losses,
            "norms": norms,
            "tokens_per_s": fine_tune.speed(moments, mean_tokens * 8 * world),
            "device": "cuda" if on_card else "cpu",
            "trainer": f"{way.trainer}, {way.bits}-bit",
        },
    )


def write(name: str, value: Any) -> None:
    """A value for the script that started this process, whole or not at all."""
    path = os.path.join(FOLDER, f"{name}.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(path + ".part", path)


def read(folder: str, name: str) -> Any:
    """What a process wrote; ``None`` where it wrote nothing."""
    with (
        contextlib.suppress(FileNotFoundError),
        open(os.path.join(folder, f"{name}.json"), encoding="utf-8") as file,
    ):
        return json.load(file)
    return None


def end_with_parent() -> None:
    """End when the script that started this process is gone, however that ended: launchers put their processes into
    sessions of their own, which a stop of the check does not reach.
    """
    import fcntl

    with open(os.path.join(FOLDER, "alive"), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # held by the parent as long as it lives
    shutil.rmtree(FOLDER, ignore_errors=True)
    os._exit(1)


def one_of_several(arguments: argparse.Namespace) -> int:
    """One process from its begin to its exit code."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    telling.BREAK["before"] = "\n"
    rank = os.environ["RANK"]
    measured = telling.measured

    def own_alone(name: str, *what: Any, **detail: Any) -> None:
        """What Unsloth's import tells belongs to the fine-tune on one card."""
        if name.startswith("several_cards."):
            measured(name, *what, **detail)

    telling.measured = own_alone
    if rank != "0":
        telling.tell = lambda *_, **__: None  # only the first one talks
    try:
        train_together(telling.need("torch"), arguments.steps, arguments.bits)
    except Exception as fault:
        failed = isinstance(fault, telling.CheckFailed)
        said = fault.message if failed else telling.Message("{reason}.", reason=reason(fault))
        write(
            f"failed-{rank}",
            {
                "at": time.time(),
                "code": fault.code if failed else "several-cards-failed",
                "reason": telling.take_apart(said),
                "details": traceback.format_exc(),
            },
        )
        return 1
    return 0


def reason(fault: BaseException) -> str:
    """The line of an exception that says most, without a full stop: NCCL's own words stand behind "Last error:"."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    for at, line in enumerate(lines):
        if line == "Last error:" and at + 1 < len(lines):
            return f"NCCL: {lines[at + 1]}"[:300].rstrip(".")
    said = next((line for line in lines if line.startswith("nccl") and ": " in line), "")
    return (f"NCCL: {said}"[:300] if said else telling.first_line(fault)).rstrip(".")


def words_of_nccl(line: str) -> str:
    """What a line of output says of a fault of NCCL's; empty for any other."""
    _, warned, rest = line.partition("NCCL WARN ")
    if warned:
        return f"NCCL: {rest}"
    at = line.find("Watchdog caught ")  # torch's own: it ends a process that waited too long
    return line[at:] if at >= 0 else ""


# ---- The script that starts them ----


def launch(folder: str, count: int, argv: list[str]) -> tuple[int, list[str]]:
    """Start the processes and hand on what they print; the launcher's exit code, and what NCCL said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A file of this check's own, so that none of the person's (accelerate config) decides anything.
    config = os.path.join(folder, "accelerate.json")
    with open(config, "w", encoding="utf-8") as file:
        json.dump(
            {
                "compute_environment": "LOCAL_MACHINE",
                "distributed_type": "MULTI_GPU",
                "mixed_precision": "no",
                "use_cpu": False,
                "debug": False,
                "num_processes": count,
                "num_machines": 1,
                "gpu_ids": "all",
            },
            file,
        )
    # --multi_gpu is the way to several processes, on a processor too; the trainer sets the precision.
    command = [sys.executable, "-I", "-m", "accelerate.commands.launch", "--config_file", config, "--multi_gpu",
               "--num_processes", str(count), "--num_machines", "1", "--main_process_port", str(port),
               "--mixed_precision", "no", "--dynamo_backend", "no", os.path.abspath(__file__), *argv]  # fmt: skip
    own = {"SEVERAL_CARDS_FOLDER": folder, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "TMPDIR": folder}
    said: list[str] = []
    environment = {
        "NCCL_DEBUG": "WARN",
        **os.environ,
        **own,
    }  # else NCCL keeps its reason to itself
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout or ():
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            said += filter(None, [words_of_nccl(line.decode("utf-8", "replace").strip())])
        return process.wait(), said


def first_failure(folder: str, count: int) -> dict[str, Any] | None:
    """What failed first, but for what the others only saw of the end of one."""
    found = [one for one in (read(folder, f"failed-{rank}") for rank in range(count)) if one]
    causes = [one for one in found if not any(w in str(one["reason"]).lower() for w in AFTERMATH)]
    return min(causes, key=lambda one: float(one["at"]), default=None)


def judge(result: dict[str, Any], count: int) -> list[telling.Message]:
    """What went wrong, in sentences; empty where the fine-tune passed."""
    wrong = [
        telling.Message(
            "card {number} ({name}) computed wrongly ({error})",
            number=card["number"],
            name=card["card"],
            error=card["error"],
        )
        for card in result["cards"]
        if not card["ok"]
    ]
    if result["processes"] != count:
        wrong.append(
            telling.Message(
                "{processes} of {count} processes trained together",
                processes=result["processes"],
                count=count,
            )
        )
    if len({card["weights"] for card in result["cards"]}) != 1:
        wrong.append(telling.Message("the cards did not end with the same weights"))
    losses = result["losses"]
    if not losses or not all(map(math.isfinite, losses)):
        wrong.append(telling.Message("the loss is not a number"))
    elif losses[0] - statistics.mean(losses[-3:]) < fine_tune.CLEAR_FALL:
        wrong.append(
            telling.Message(
                "the loss did not fall clearly ({first:.2f} to {last:.2f})",
                first=losses[0],
                last=losses[-1],
            )
        )
    if not all(map(math.isfinite, result["norms"])):
        wrong.append(telling.Message("a gradient is not finite"))
    return wrong


def conclude(folder: str, count: int, code: int, said: list[str]) -> None:
    """Tell the result; raises ``CheckFailed`` with the reason where there is none, or a wrong one."""
    result = read(folder, "result")
    if code != 0 or result is None:
        failure = first_failure(folder, count)
        details = failure["details"] if failure else ""
        name = failure["code"] if failure else "process-ended"
        if failure:
            part = telling.Message(failure["reason"]["text"], **failure["reason"]["values"])
        elif said:
            part = telling.Message("{reason}.", reason=said[-1][:300].rstrip("."))
        else:
            part = telling.Message("One of the processes was ended from outside.")
        text = telling.Message(
            "Training on {count} cards stopped: {reason}", count=count, reason=part
        )
        raise telling.CheckFailed(name, text, "\n".join([details, *said[-20:]]).strip() or text)
    wrong, losses = judge(result, count), result["losses"]
    telling.measured(
        "several_cards.result",
        not wrong,
        **result,
        equal=len({card["weights"] for card in result["cards"]}) == 1,
        steps=len(losses),
        loss_first=losses[0] if losses else None,
        loss_last=losses[-1] if losses else None,
        passed=not wrong,
    )
    if wrong:
        raise telling.CheckFailed(
            "several-cards-wrong",
            telling.Message(
                "Training on {count} cards ran, but {wrong}.",
                count=count,
                wrong=telling.joined("; ", wrong),
            ),
        )


def read_arguments() -> argparse.Namespace:
    """``--cards`` is how many processes; the variable ``CUDA_VISIBLE_DEVICES`` says which cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--bits", type=int, choices=[4, 16], default=4)
    return parser.parse_args()


def check() -> None:
    """The whole check in a folder of its own, which is removed afterwards."""
    arguments = read_arguments()
    if os.name == "nt":
        # docs.pytorch.org/docs/stable/distributed: "Windows supports all collective communications backends but NCCL"
        raise telling.CannotRun(
            "no-nccl",
            telling.Message(
                "Several cards train together on Linux only: PyTorch for Windows has no NCCL."
            ),
        )
    import fcntl

    if importlib.util.find_spec("accelerate") is None:
        raise telling.CheckFailed(
            "no-accelerate",
            telling.Message("accelerate, which starts a process for each card, is not installed."),
        )
    with (
        tempfile.TemporaryDirectory(prefix="several_cards_", ignore_cleanup_errors=True) as folder,
        open(os.path.join(folder, "alive"), "wb") as alive,
    ):
        fcntl.flock(alive, fcntl.LOCK_EX)  # gone with this process, however it ends
        os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", os.path.join(folder, "compiled"))
        code, said = launch(folder, arguments.cards, sys.argv[1:])
        conclude(folder, arguments.cards, code, said)


if __name__ == "__main__":
    fine_tune.quiet()
    if FOLDER:
        ended = one_of_several(read_arguments())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended)  # libraries' threads have no say in the answer
    telling.run(check, noisy=True)
