"""Loads an adapter that was trained, together with its model, and answers.

    python chat.py --adapter output/adapter                       a conversation in the terminal; an empty line ends it
    python chat.py --adapter output/adapter --prompt "Question?"  one answer, written as it comes

Exit codes: 0 done, 2 a file or an option is wrong, 4 the model could not answer.
"""

import argparse
import json
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
AS_JSON = False


class Problem(Exception):
    """Something that a person can mend, and the exit code."""

    def __init__(self, code, message, exit_code=4):
        super().__init__(message)
        self.code, self.exit_code = code, exit_code


def tell(what, **fields):
    """One event as a JSON object on a line of its own."""
    sys.stdout.write("\n" + json.dumps({"what": what, **fields}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def load(folder, length):
    """The model with the adapter on it, its tokenizer, and the numbers of the tokens that end an answer."""
    if not os.path.isfile(os.path.join(folder, "adapter_config.json")):
        raise Problem(
            "adapter", f"The folder {folder} holds no adapter (no adapter_config.json).", 2
        )
    with open(os.path.join(folder, "adapter_config.json"), encoding="utf-8") as file:
        base = json.load(file).get("base_model_name_or_path") or ""
    if os.path.isabs(base) and not os.path.isdir(base):
        raise Problem(
            "model", f"The model on which the adapter was trained is no longer in {base}.", 2
        )
    from unsloth import FastLanguageModel  # before the others: it replaces parts of them
    import torch
    from transformers import AutoTokenizer

    loader = sys.modules.get("unsloth.models.loader_utils")
    if hasattr(
        loader, "_get_new_mapper"
    ):  # releases up to 2025 run a file from the internet for names they do not know
        loader._get_new_mapper = lambda *_: ({}, {}, {})
    dtype = None if torch.cuda.is_available() else torch.float32
    four = torch.cuda.is_available() and "4bit" in base.lower()
    model, _ = FastLanguageModel.from_pretrained(
        model_name=folder, max_seq_length=length, dtype=dtype, load_in_4bit=four
    )
    FastLanguageModel.for_inference(model)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    own = getattr(model.generation_config, "eos_token_id", None)
    own = own if isinstance(own, list) else [own] if own is not None else []
    return model, tokenizer, [*dict.fromkeys([*own, tokenizer.eos_token_id])]


def answer(model, tokenizer, ends, messages, wishes, show):
    """One answer; ``show`` gets it piece by piece."""
    import torch
    from transformers import TextIteratorStreamer

    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    special = not text.startswith(tokenizer.bos_token) if tokenizer.bos_token else True
    ids = tokenizer(text=text, return_tensors="pt", add_special_tokens=special)["input_ids"].to(
        next(model.parameters()).device
    )
    if ids.shape[1] + wishes.tokens > wishes.length:
        raise Problem(
            "too-long",
            f"The conversation has {ids.shape[1]} tokens and leaves no room in a context of {wishes.length}.",
            2,
        )
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    warm = (
        {"do_sample": True, "temperature": wishes.temperature}
        if wishes.temperature > 0
        else {"do_sample": False}
    )
    faults = []

    def work():
        try:
            with torch.no_grad():
                model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=wishes.tokens, streamer=streamer,
                               pad_token_id=ends[0], eos_token_id=ends, **warm)  # fmt: skip
        except Exception as fault:  # told by the main thread, which waits for the stream to end
            faults.append(fault)
            streamer.end()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    pieces = []
    for piece in streamer:
        pieces.append(piece)
        if piece:
            show(piece)
    worker.join()
    if faults:
        full = "out of memory" in str(faults[0]).lower() or isinstance(faults[0], MemoryError)
        reply = (
            "The memory is full."
            if full
            else f"The model could not answer: {type(faults[0]).__name__}: {faults[0]}"[:300]
        )
        raise Problem("memory-full" if full else "answer-failed", reply)
    return "".join(pieces)


def talk(wishes):
    """One prompt, or a conversation until an empty line."""
    model, tokenizer, ends = load(wishes.adapter, wishes.length)
    messages = [{"role": "system", "content": wishes.system}] if wishes.system else []

    def show(piece):
        if AS_JSON:
            tell("measured", name="chat.piece", value=piece)
        else:
            sys.stdout.write(piece)
            sys.stdout.flush()

    while True:
        asked = wishes.prompt if wishes.prompt is not None else input("\n> ").strip()
        if not asked:
            return
        messages.append({"role": "user", "content": asked})
        reply = answer(model, tokenizer, ends, messages, wishes, show)
        messages.append({"role": "assistant", "content": reply})
        if AS_JSON:
            tell("measured", name="chat.answer", value=reply)
        else:
            print()
        if wishes.prompt is not None:
            return


def main(argv=None):
    global AS_JSON
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--adapter", default=os.path.join(HERE, "adapter"), help="the folder of the adapter"
    )
    parser.add_argument("--prompt", help="one question; without it a conversation begins")
    parser.add_argument("--system", help="a system text")
    parser.add_argument("--tokens", type=int, default=256, help="the longest answer")
    parser.add_argument("--length", type=int, default=2048, help="context in tokens")
    parser.add_argument(
        "--temperature", type=float, default=0.0, help="0: always the likeliest word"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    wishes = parser.parse_args(argv)
    AS_JSON = wishes.json
    os.environ.update(UNSLOTH_DISABLE_STATISTICS="1", HF_HUB_DISABLE_TELEMETRY="1", CUDA_DEVICE_ORDER="PCI_BUS_ID",
                      TOKENIZERS_PARALLELISM="false", HF_HUB_DISABLE_PROGRESS_BARS="1")  # fmt: skip
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        talk(wishes)
    except (EOFError, KeyboardInterrupt):
        return 0
    except Problem as problem:
        if AS_JSON:
            tell("failed", code=problem.code, message=str(problem))
        else:
            print(problem)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of the libraries have no say
