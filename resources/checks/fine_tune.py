"""Check: the first fine-tune.

A small model made on the spot learns for 20 steps; the adapter is saved and loaded again.
"""

import argparse
import gc
import importlib.util
import itertools
import math
import os
import statistics
import sys
import tempfile
import time
import traceback
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling

PROMPT = "### Instruction:\nRepeat line 3\n### Response:\n"
# nats a token; seen: 2.1 on an H100 and on a processor. A model that learns nothing moves by 0.05.
CLEAR_FALL = 0.5
# largest difference of logits over their largest size; the same weights in bf16 give 0 to 0.004
SAME = 1e-2


def quiet() -> None:
    """Nothing from the network, no statistics, no bars. Set before anything is imported."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_DATASETS_OFFLINE="1",
        WANDB_DISABLED="true",
        TOKENIZERS_PARALLELISM="false",
        UNSLOTH_DISABLE_STATISTICS="1",
        # Unsloth's own word for "in this process": by itself it starts up to eight for 400 rows, which
        # cost 2 of 28 s on an H200.
        UNSLOTH_DATASET_NUM_PROC="0",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_DATASETS_DISABLE_PROGRESS_BARS="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
    )


def choose_way(torch: Any, length: int, bits: int) -> Any:
    """Unsloth on what is there; 4-bit on a card where bitsandbytes can be imported."""
    import loops

    device = telling.pick_device(torch)
    if device.type == "cpu":
        # So small a model gains nothing from a second thread, and on a busy PC threads that wait for
        # each other took eleven times as long (101 s instead of 9 s for 20 steps, measured).
        torch.set_num_threads(1)
    if bits == 4 and importlib.util.find_spec("bitsandbytes") is None:
        bits = 16
    return loops.Unsloth(torch, length, bits, device)


def logits(torch: Any, model: Any, tokenizer: Any) -> Any:
    """What the model says of a fixed text, in float32 on the processor."""
    import small_model

    batch = tokenizer(small_model.texts(1)[0], return_tensors="pt")
    device = next(model.parameters()).device
    with torch.no_grad():
        out = model(
            input_ids=batch["input_ids"].to(device),
            attention_mask=batch["attention_mask"].to(device),
        ).logits
    return out.float().cpu(), batch["input_ids"]


def loss_of(torch: Any, out: Any, ids: Any) -> float:
    """Mean cross-entropy of the next token."""
    return float(torch.nn.functional.cross_entropy(out[0, :-1], ids[0, 1:]))


def peak_memory(torch: Any) -> int | None:
    """Peak bytes: the card's allocator, or the whole process on a processor."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    try:
        import resource

        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024
    except ImportError:
        import psutil

        return int(psutil.Process().memory_info().peak_wset)


def speed(moments: list[float], tokens_a_step: float) -> float | None:
    """Tokens a second from the median step, the first three left out (compiling, first kernels)."""
    steps = [b - a for a, b in itertools.pairwise(moments[2:])]
    return tokens_a_step / statistics.median(steps) if steps else None


def generate(torch: Any, way: Any, model: Any, tokenizer: Any) -> str:
    """A few words after a prompt, greedy."""
    way.for_answers(model)
    batch = tokenizer(PROMPT, return_tensors="pt")
    device = next(model.parameters()).device
    ids = batch["input_ids"].to(device)
    with torch.no_grad():
        out = model.generate(
            input_ids=ids,
            attention_mask=batch["attention_mask"].to(device),
            max_new_tokens=16,
            do_sample=False,
            pad_token_id=2,
        )
    if out.shape[1] <= ids.shape[1]:
        raise telling.CheckFailed(
            "fine-tune-mute", telling.Message("The trained model generated no token at all.")
        )
    return str(tokenizer.decode(out[0][ids.shape[1] :]))


def judge(
    losses: list[float], norms: list[float], equal: bool, difference: float, again: float
) -> list[telling.Message]:
    """What went wrong, in sentences; empty where the fine-tune passed."""
    wrong = []
    if not losses or not all(math.isfinite(x) for x in losses):
        wrong.append(telling.Message("the loss is not a number"))
    elif losses[0] - statistics.mean(losses[-3:]) < CLEAR_FALL:
        wrong.append(
            telling.Message(
                "the loss did not fall clearly ({first:.2f} to {last:.2f})",
                first=losses[0],
                last=losses[-1],
            )
        )
    if not all(math.isfinite(x) for x in norms):
        wrong.append(telling.Message("a gradient is not finite"))
    if not equal:
        wrong.append(
            telling.Message(
                "the adapter, loaded again, gives other logits (largest relative "
                "difference {difference:.2g})",
                difference=difference,
            )
        )
    elif losses and not again < losses[0] - CLEAR_FALL:
        wrong.append(
            telling.Message(
                "the adapter, loaded again, has not learned (loss {loss:.2f})", loss=again
            )
        )
    return wrong


def fine_tune(torch: Any, way: Any, folder: str, steps: int) -> list[str]:
    """Make, load, train, save, load again, compare, generate. Returns complaints."""
    import loops
    import small_model

    on_card = telling.pick_device(torch).type == "cuda"
    base, adapter = os.path.join(folder, "model"), os.path.join(folder, "adapter")
    count = small_model.make(base, "card" if on_card else "processor")
    telling.measured("fine_tune.model", count, "parameters", bits=way.bits, trainer=way.trainer)
    if on_card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    model, tokenizer = way.load(base)
    model = way.adapt(model)
    losses: list[float] = []
    norms: list[float] = []
    moments: list[float] = []
    rows = small_model.texts()
    callback = loops.recorder(torch, steps, losses, norms, moments)
    trainer = loops.build_trainer(way, model, tokenizer, rows, steps, folder, callback)
    trainer.train()
    mean_tokens = statistics.mean(len(tokenizer(row)["input_ids"]) for row in rows[:50])
    rate, peak = speed(moments, mean_tokens * 8), peak_memory(torch)
    model.eval()
    before, ids = logits(torch, model, tokenizer)
    model.save_pretrained(adapter)
    tokenizer.save_pretrained(adapter)
    del trainer, model
    gc.collect()
    model, _ = way.load(adapter)
    model.eval()
    after, _ = logits(torch, model, tokenizer)
    difference = float((after - before).abs().max() / before.abs().max())
    equal, again = difference < SAME, loss_of(torch, after, ids)
    wrong = judge(losses, norms, equal, difference, again)
    text = generate(torch, way, model, tokenizer)
    telling.measured("fine_tune.generated", text)
    telling.measured(
        "fine_tune.result",
        not wrong,
        steps=len(losses),
        loss_first=losses[0] if losses else None,
        loss_last=losses[-1] if losses else None,
        tokens_per_s=rate,
        peak_vram=peak,
        reloaded_equal=equal,
        losses=losses,
        device="cuda" if on_card else "cpu",
        trainer=f"{way.trainer}, {way.bits}-bit",
        passed=not wrong,
        difference=difference,
        loss_reloaded=again,
        grad_norm_largest=max(norms) if norms else None,
    )
    return wrong


def check() -> None:
    """The whole check in a folder of its own, which is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--bits", type=int, choices=[4, 16], default=4)
    arguments = parser.parse_args()
    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="fine_tune_", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", os.path.join(folder, "compiled"))
        os.chdir(folder)  # trainers and Unsloth write beside themselves
        begin = time.perf_counter()
        torch = telling.need("torch")
        try:
            way = choose_way(torch, 512, arguments.bits)
            telling.measured("fine_tune.imports", round(time.perf_counter() - begin, 1), "s")
            telling.wait_for_turn()
            wrong = fine_tune(torch, way, folder, arguments.steps)
        except telling.CheckFailed:
            raise
        except Exception as fault:
            raise telling.CheckFailed(
                "fine-tune-failed",
                telling.Message("The fine-tune stopped: {error}", error=telling.first_line(fault)),
                traceback.format_exc(),
            ) from fault
        finally:
            os.chdir(home)
    if wrong:
        raise telling.CheckFailed(
            "fine-tune-wrong",
            telling.Message("The fine-tune ran, but {wrong}.", wrong=telling.joined("; ", wrong)),
        )


if (
    __name__ == "__main__"
):  # libraries may start processes of their own, which import this file again
    quiet()
    telling.run(check, noisy=True)
