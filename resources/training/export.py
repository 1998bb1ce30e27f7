"""Exports a trained adapter: as it is, merged in 16 bits, or as GGUF.

Merged into its model; GGUF comes with a Modelfile for Ollama.

    python export.py --adapter output/adapter --format merged --to FOLDER
    python export.py --adapter output/adapter --format gguf --quantization q8_0 --llama-cpp FOLDER --to FOLDER

Merging runs on the processor, matrix by matrix, so that a model of any size needs little memory and no card. A model in 4 bits
is turned into 16 bits on the way. GGUF needs llama.cpp (its convert_hf_to_gguf.py; its llama-quantize for K-quants).
Exit codes: 0 done, 2 a file or an option is wrong, 4 the export failed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import traceback

QUANTIZATIONS = {
    "f32": "f32",
    "f16": "f16",
    "bf16": "bf16",
    "q8_0": "q8_0",
}  # what the converter itself writes
K_QUANTS = (
    "q2_k",
    "q3_k_m",
    "q4_0",
    "q4_k_s",
    "q4_k_m",
    "q5_k_s",
    "q5_k_m",
    "q6_k",
)  # what llama-quantize writes
PIECE = 2 << 30  # bytes of one file of weights, all of which is in memory while it is made
PREFIX = "base_model.model."
AS_JSON = False


class Problem(Exception):
    """Something that a person can mend: a short name, one sentence, what to do, and the exit code."""

    def __init__(self, code, message, hint="", exit_code=4):
        super().__init__(message)
        self.code, self.hint, self.exit_code = code, hint, exit_code


def tell(what, text="", **fields):
    """One event: a JSON object on a line of its own, or its text for people."""
    line = "\n" + json.dumps({"what": what, **fields}, ensure_ascii=False) if AS_JSON else text
    if line:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def measured(name, value, unit=None, text="", **detail):
    """One measured value."""
    tell("measured", text, name=name, value=value, unit=unit, detail=detail)


def read_json(path):
    """A JSON file of a model or an adapter."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        raise Problem("missing", f"There is no file {path}.", "", 2) from None
    except (OSError, ValueError) as fault:
        raise Problem("unreadable", f"{path} cannot be read: {fault}.", "", 2) from fault


class Adapter:
    """A LoRA adapter: which matrices it changes, and by how much."""

    def __init__(self, folder):
        from safetensors import safe_open

        self.folder = folder
        config = read_json(os.path.join(folder, "adapter_config.json"))
        if (
            config.get("peft_type", "LORA") != "LORA"
            or config.get("use_dora")
            or config.get("lora_bias")
        ):
            raise Problem(
                "adapter",
                "Only plain LoRA adapters are merged here; this one is of another kind.",
                "",
                2,
            )
        self.base, self.config = config.get("base_model_name_or_path") or "", config
        path = os.path.join(folder, "adapter_model.safetensors")
        if not os.path.isfile(path):
            raise Problem("missing", f"There is no file {path}.", "", 2)
        self.tensors = safe_open(path, framework="pt")
        keys = list(self.tensors.keys())
        self.modules = [
            k.removeprefix(PREFIX).removesuffix(".lora_A.weight")
            for k in keys
            if k.endswith(".lora_A.weight")
        ]
        self.whole = {
            k.removeprefix(PREFIX): k for k in keys if ".lora_" not in k
        }  # modules_to_save: taken as they are
        odd = [k for k in keys if "lora_embedding" in k or "lora_magnitude" in k]
        if odd or not self.modules:
            raise Problem(
                "adapter",
                f"The adapter in {folder} changes something that cannot be merged here: {(odd or ['nothing'])[0]}.",
            )

    def change(self, module):
        """What is added to a weight: ``scale * B @ A`` in float32, of the weight's shape."""
        import torch

        a = self.tensors.get_tensor(f"{PREFIX}{module}.lora_A.weight").to(torch.float32)
        b = self.tensors.get_tensor(f"{PREFIX}{module}.lora_B.weight").to(torch.float32)
        alpha = pattern(self.config.get("alpha_pattern"), module, self.config["lora_alpha"])
        scale = alpha / (a.shape[0] ** 0.5 if self.config.get("use_rslora") else a.shape[0])
        both = scale * (b @ a)
        return both.T if self.config.get("fan_in_fan_out") else both


def pattern(patterns, module, default):
    """A value that an adapter gives for some modules alone."""
    return next(
        (v for k, v in (patterns or {}).items() if module == k or module.endswith("." + k)), default
    )


class Base:
    """A model's weights in safetensors files, read one matrix at a time; 4-bit ones come out in 16 bits."""

    def __init__(self, folder):
        from safetensors import safe_open

        self.folder = folder
        index = os.path.join(folder, "model.safetensors.index.json")
        names = (
            sorted(set(read_json(index)["weight_map"].values()))
            if os.path.isfile(index)
            else ["model.safetensors"]
        )
        self.where = {}
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                raise Problem(
                    "model",
                    f"The model's file {path} is missing.",
                    "Fetch the model whole (safetensors).",
                    2,
                )
            try:
                file = safe_open(path, framework="pt")
            except Exception as fault:
                if out_of_memory(fault):
                    raise
                raise Problem(
                    "model-damaged", f"{path} cannot be read: {fault}.", "Fetch it again.", 2
                ) from fault
            self.where.update(dict.fromkeys(file.keys(), file))
        self.names = [n for n in self.where if not is_part_of_quantization(n, self.where)]

    def read(self, name):
        """One weight, in the type in which it is kept (4-bit: the type that it stands for)."""
        state = next((k for k in self.where if k.startswith(f"{name}.quant_state.")), None)
        tensor = self.where[name].get_tensor(name)
        return (
            dequantize(tensor, self._parts(name), self.where[state].get_tensor(state))
            if state
            else tensor
        )

    def size(self, name):
        """Bytes of a weight in 16 bits (or as it is kept)."""
        view = self.where[name].get_slice(name)
        count = 1
        for side in view.get_shape():
            count *= side
        if any(k.startswith(f"{name}.quant_state.") for k in self.where):
            return count * 4  # two weights a byte, two bytes each
        return count * {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8}.get(view.get_dtype(), 1)

    def _parts(self, name):
        parts = {}
        for key, file in self.where.items():
            if key.startswith(name + ".") and ".quant_state." not in key:
                parts[key[len(name) + 1 :]] = file.get_tensor(key)
        return parts


def is_part_of_quantization(name, names):
    """Whether a tensor only describes how another one was packed into 4 bits."""
    owner = name.rpartition(".weight.")[0]
    return bool(owner) and f"{owner}.weight" in names


def dequantize(packed, parts, state):
    """bitsandbytes' 4-bit form to numbers: two codes a byte, a scale for each block, the scales themselves packed in 8 bits."""
    import torch

    state_fields = json.loads(bytes(state.tolist()).decode("utf-8"))
    scales = parts["absmax"].to(torch.float32)
    if "nested_absmax" in parts:
        steps = parts["nested_quant_map"].to(torch.float32)[parts["absmax"].long()]
        coarse = (
            parts["nested_absmax"]
            .to(torch.float32)
            .repeat_interleave(state_fields["nested_blocksize"])[: len(steps)]
        )
        scales = steps * coarse + state_fields["nested_offset"]
    codes = packed.flatten().view(torch.uint8)
    values = parts["quant_map"].to(torch.float32)[
        torch.stack((codes >> 4, codes & 15), 1).flatten().long()
    ]
    values = (
        values.view(-1, state_fields["blocksize"])
        if len(values) % state_fields["blocksize"] == 0
        else pad(values, state_fields["blocksize"])
    )
    whole = (values * scales[:, None]).flatten()
    count = 1
    for side in state_fields["shape"]:
        count *= side
    return whole[:count].view(state_fields["shape"]).to(getattr(torch, state_fields["dtype"]))


def pad(values, block):
    """The last, shorter block filled up with zeros."""
    import torch

    return torch.nn.functional.pad(values, (0, -len(values) % block)).view(-1, block)


def find_base(adapter, wish):
    """The folder of the model that the adapter was trained on: given, named by the adapter, or already on this computer."""
    name = wish or adapter.base
    if os.path.isdir(name):
        return name
    try:
        from huggingface_hub import snapshot_download

        return snapshot_download(name, local_files_only=True)
    except Exception as fault:
        raise Problem("model", f"The model {name!r}, on which the adapter was trained, is not on this computer.",
                      "Name its folder with --base.", 2) from fault  # fmt: skip


def targets(adapter, base):
    """Weight of the model to module of the adapter; every module must have exactly one weight."""
    found = {}
    for module in adapter.modules:
        parts = module.split(".")
        for start in range(
            len(parts)
        ):  # files name some models' parts otherwise than the program does; the end agrees
            tail = ".".join(parts[start:]) + ".weight"
            fitting = [n for n in base.names if n == tail or n.endswith("." + tail)]
            if fitting:
                break
        if len(fitting) != 1:
            raise Problem("model", f"The adapter's matrix {module} has {len(fitting)} counterparts in {base.folder}; expected one.",
                          "Name the model on which it was trained with --base.", 2)  # fmt: skip
        found[fitting[0]] = module
    return found


def check_room(need_disk, need_memory, folder):
    """Ask for disk and memory before anything is written."""
    free = shutil.disk_usage(folder).free
    if free < need_disk + (64 << 20):
        raise Problem(
            "disk-full",
            f"The export needs {need_disk / 1e9:.1f} GB in {folder}; {free / 1e9:.1f} GB are free.",
            "Make room.",
        )
    memory = available_memory()
    measured("export.needs", need_disk, "bytes", f"Needs {need_disk / 1e9:.1f} GB of disk, {need_memory / 1e9:.1f} GB of memory.",
             memory=need_memory, memory_available=memory)  # fmt: skip
    if memory is not None and memory < need_memory:
        raise Problem("memory-full", f"Merging needs {need_memory / 1e9:.1f} GB of memory; {memory / 1e9:.1f} GB are available.",
                      "Close other programs.")  # fmt: skip


def available_memory():
    """Bytes of memory that are available, or None where it cannot be found out."""
    try:
        import psutil

        return int(psutil.virtual_memory().available)
    except ImportError:
        return None


def merge(adapter, base, folder, piece):
    """A model's folder in 16 bits with the adapter in it, written in pieces."""
    import torch
    from safetensors.torch import save_file

    chosen = targets(adapter, base)
    sizes = {name: base.size(name) for name in base.names}
    check_room(
        sum(sizes.values()),
        min(piece, sum(sizes.values())) + 6 * max(sizes.values()) + (512 << 20),
        os.path.dirname(folder),
    )
    os.makedirs(folder)
    gathered, bytes_now, files, done = {}, 0, [], 0

    def write():
        nonlocal gathered, bytes_now
        path = os.path.join(folder, f"piece-{len(files)}.safetensors")
        save_file(gathered, path, metadata={"format": "pt"})
        files.append((path, list(gathered)))
        gathered, bytes_now = {}, 0

    for number, name in enumerate(base.names):
        if gathered and bytes_now + sizes[name] > piece:
            write()
        weight = base.read(name)
        if name in chosen:
            change = adapter.change(chosen[name])
            if change.shape != weight.shape:
                raise Problem("model", f"The adapter does not fit the model: {name} is {tuple(weight.shape)}, the adapter's "
                              f"{tuple(change.shape)}.", "Name the model on which it was trained with --base.", 2)  # fmt: skip
            weight = (weight.to(torch.float32) + change).to(weight.dtype)
        elif name in adapter.whole:
            weight = adapter.tensors.get_tensor(adapter.whole[name]).to(weight.dtype)
        gathered[name] = weight.contiguous()
        bytes_now += sizes[name]
        done += name in chosen
        if number % 20 == 0 or number + 1 == len(base.names):
            tell("progress", done=number + 1, total=len(base.names), unit="matrices")
    write()
    index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": {}}
    for number, (path, names) in enumerate(files, 1):
        final = (
            f"model-{number:05}-of-{len(files):05}.safetensors"
            if len(files) > 1
            else "model.safetensors"
        )
        os.replace(path, os.path.join(folder, final))
        index["weight_map"].update(dict.fromkeys(names, final))
    if len(files) > 1:
        write_text(
            os.path.join(folder, "model.safetensors.index.json"), json.dumps(index, indent=1)
        )
    copy_small_files(adapter.folder, base.folder, folder)
    measured(
        "export.merged",
        done,
        "matrices",
        f"Merged {done} matrices.",
        matrices=done,
        files=len(files),
    )


def copy_small_files(adapter, base, folder):
    """Configuration and tokenizer: the model's, then the adapter's over them (it may hold another chat template)."""
    for source in (base, adapter):
        for name in sorted(os.listdir(source)):
            small = (
                name.endswith((".json", ".jinja", ".model", ".txt", ".tiktoken"))
                and "safetensors" not in name
            )
            if (
                small
                and not name.startswith("adapter_")
                and os.path.isfile(os.path.join(source, name))
            ):
                shutil.copyfile(os.path.join(source, name), os.path.join(folder, name))
    config = read_json(os.path.join(folder, "config.json"))
    for part in (config, *(v for v in config.values() if isinstance(v, dict))):
        part.pop("quantization_config", None)
    write_text(os.path.join(folder, "config.json"), json.dumps(config, indent=2))


def write_text(path, text):
    """A text file in UTF-8 with line feeds."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def find_tool(folder, name):
    """A program of llama.cpp in its folder, or None."""
    name = name + ".exe" if os.name == "nt" and not name.endswith(".py") else name
    places = [
        os.path.join(folder, *parts, name)
        for parts in ((), ("bin",), ("build", "bin"), ("build", "bin", "Release"))
    ]
    return next((p for p in places if os.path.isfile(p)), None)


def to_gguf(merged, target, quantization, llama):
    """model.gguf from a merged folder, by llama.cpp's own converter."""
    converter = find_tool(llama, "convert_hf_to_gguf.py") if llama else None
    if converter is None:
        raise Problem("no-llama-cpp", "GGUF needs llama.cpp, and its convert_hf_to_gguf.py was not found.",
                      "Name its folder with --llama-cpp, or export as merged.")  # fmt: skip
    own = QUANTIZATIONS.get(quantization)
    tool = None if own else find_tool(llama, "llama-quantize")
    if not own and tool is None:
        raise Problem("no-llama-cpp", f"The quantization {quantization} needs llama.cpp's llama-quantize, which was not found.",
                      f"Take one of {', '.join(QUANTIZATIONS)}.")  # fmt: skip
    first = target if own else target + ".f16"
    env = {**os.environ, "PYTHONPATH": os.path.join(os.path.dirname(converter), "gguf-py")}
    run(
        [sys.executable, converter, merged, "--outfile", first, "--outtype", own or "f16"],
        "the converter",
        env,
    )
    if tool:
        run([tool, first, target, quantization.upper()], "llama-quantize", env)
        os.remove(first)
    with open(target, "rb") as file:
        if file.read(4) != b"GGUF":
            raise Problem("gguf", f"{target} is no GGUF file.")
    measured(
        "export.gguf",
        target,
        None,
        f"Wrote {target}.",
        bytes=os.path.getsize(target),
        quantization=quantization,
    )


def run(argv, what, env):
    """A child; its output goes on, and its end is judged."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env) as child:
        last = b""
        for line in child.stdout:
            sys.stdout.write(line.decode("utf-8", "replace"))
            last = line.strip() or last
    if child.returncode:
        message = last.decode("utf-8", "replace")[:300]
        if "pre-tokenizer was not recognized" in message or "is not supported" in message:
            raise Problem(
                "gguf-unknown-model",
                f"This llama.cpp does not know this kind of model or its tokenizer: {message}",
                "Name a newer copy of llama.cpp with --llama-cpp, or export as merged.",
            )
        raise Problem(
            "gguf", f"llama.cpp's step failed ({what} ended with {child.returncode}): {message}"
        )


# ---- Modelfile: Ollama's own template language, made from what the model's chat template writes ----


def modelfile(folder, gguf):
    """The text of a Modelfile whose template and stop words are the model's."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not tokenizer.chat_template:
        raise Problem(
            "template", "The model has no chat template, so that there is none for a Modelfile."
        )
    parts = template_parts(tokenizer)
    stops = stop_words(tokenizer, parts)
    lines = [
        f"FROM ./{gguf}",
        f'TEMPLATE """{go_template(parts)}"""',
        *(f"PARAMETER stop {json.dumps(stop, ensure_ascii=False)}" for stop in stops),
    ]
    return "\n".join(lines) + "\n"


def template_parts(tokenizer):
    """What the chat template writes around a system text, a question and an answer."""

    def render(*turns, prompt=False):
        messages = [{"role": role, "content": content} for role, content in turns]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)
        return text.removeprefix(tokenizer.bos_token or "")  # the runtime writes it itself

    def between(text, *marks):
        pieces = []
        for mark in marks:
            before, found, text = text.partition(mark)
            if not found:
                raise Problem(
                    "template",
                    "The model's chat template does not keep what is said; no Modelfile can be made of it.",
                )
            pieces.append(before)
        return [*pieces, text]

    s, q, a, q2, a2 = "Qs7s", "Qq7q", "Qa7a", "Qr7r", "Qb7b"
    turns = [("user", q), ("assistant", a), ("user", q2), ("assistant", a2)]
    start, _, middle, _, end = between(render(*turns), q, a, q2, a2)
    ends = os.path.commonprefix([middle, end])  # what closes an answer
    question = middle[len(ends) :]  # what opens a question
    answer = (
        between(render(("user", q), prompt=True), q)[1]
        or between(render(("user", q), ("assistant", a)), q, a)[1]
    )
    default = start[: len(start) - len(question)] if question and start.endswith(question) else ""
    try:
        before, after, *_ = between(render(("system", s), *turns[:2]), s, q, a)
        system = (
            before,
            after[: len(after) - len(question)] if after.endswith(question) else after,
        )
    except Problem:
        raise
    except Exception:  # templates raise what they like for a role that they do not know
        system = None
    return {
        "default": default,
        "system": system,
        "question": question or start,
        "answer": answer,
        "end": ends or end,
    }


def go_template(parts):
    """Ollama's template: the same text around the same contents."""
    quote = {name: escape(value) for name, value in parts.items() if isinstance(value, str)}
    if parts["system"] is None:  # no role of its own: before the first question, as in training
        head, opening = (
            "",
            quote["question"] + "{{ if and $.System (eq $i 0) }}{{ $.System }}\n\n{{ end }}",
        )
    else:
        before, after = map(escape, parts["system"])
        other = "{{ else }}" + quote["default"] if quote["default"] else ""
        head, opening = (
            "{{ if .System }}" + before + "{{ .System }}" + after + other + "{{ end }}",
            quote["question"],
        )
    loop = "{{ range $i, $m := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
    asked = '{{ if eq .Role "user" }}' + opening + "{{ .Content }}" + quote["answer"]
    said = '{{ else if eq .Role "assistant" }}{{ .Content }}{{ if not $last }}' + quote["end"]
    return head + loop + asked + said + "{{ end }}{{ end }}{{ end }}"


def escape(text):
    """Text inside a Go template."""
    return text.replace("{{", '{{ "{{" }}').replace('"""', '{{ "\\"\\"\\"" }}')


def stop_words(tokenizer, parts):
    """What ends an answer: the mark after it, the tokenizer's end mark, and what opens another question."""
    marks = [*dict.fromkeys([*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()])]
    after = [m for m in marks if m and m in parts["end"]]
    opening = [m for m in marks if m and parts["question"].lstrip().startswith(m)]
    words = [*after, tokenizer.eos_token or "", *opening]
    return [w for w in dict.fromkeys(words) if w and w != tokenizer.bos_token] or [
        parts["question"].strip()
    ]


# ---- Start ----


def options(argv):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--adapter", required=True, help="the folder of the adapter")
    parser.add_argument("--format", choices=["adapter", "merged", "gguf"], required=True)
    parser.add_argument("--to", required=True, help="the folder that is made")
    parser.add_argument(
        "--base", help="the folder of the model that it was trained on, where it has moved"
    )
    parser.add_argument(
        "--quantization", type=str.lower, default="q8_0", choices=[*QUANTIZATIONS, *K_QUANTS]
    )
    parser.add_argument("--llama-cpp", help="the folder of llama.cpp")
    parser.add_argument(
        "--modelfile", action="store_true", help="write a Modelfile for Ollama (always with gguf)"
    )
    parser.add_argument("--piece", type=int, default=PIECE, help="bytes of one file of weights")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser.parse_args(argv)


def export(wishes):
    """Make the folder: beside its name first, so that it is there whole or not at all."""
    target = os.path.abspath(wishes.to)
    if os.path.exists(target) and (not os.path.isdir(target) or os.listdir(target)):
        raise Problem(
            "output-not-empty",
            f"{target} is there already.",
            "Name a folder that is empty or not there.",
            2,
        )
    if not os.path.isfile(os.path.join(wishes.adapter, "adapter_config.json")):
        raise Problem(
            "adapter",
            f"The folder {wishes.adapter} holds no adapter (no adapter_config.json).",
            "",
            2,
        )
    parent = os.path.dirname(target)
    try:
        os.makedirs(parent, exist_ok=True)
    except OSError as fault:
        raise Problem(
            "output", f"The folder {parent} cannot be made: {fault.strerror}.", "", 2
        ) from fault
    part = target + ".part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        if wishes.format == "adapter":
            shutil.copytree(wishes.adapter, part)
            if wishes.modelfile:
                raise Problem(
                    "modelfile", "A Modelfile belongs to a GGUF file.", "Take --format gguf.", 2
                )
        else:
            adapter = Adapter(wishes.adapter)
            merge(adapter, Base(find_base(adapter, wishes.base)), part, wishes.piece)
        if wishes.format == "gguf":
            merged, part = part, target + ".gguf.part"
            shutil.rmtree(part, ignore_errors=True)
            os.makedirs(part)
            try:
                to_gguf(
                    merged, os.path.join(part, "model.gguf"), wishes.quantization, wishes.llama_cpp
                )
                write_text(os.path.join(part, "Modelfile"), modelfile(merged, "model.gguf"))
            finally:
                shutil.rmtree(merged, ignore_errors=True)
        if os.path.isdir(target):
            os.rmdir(target)
        os.replace(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    measured("export.done", target, None, f"Exported to {target}.", format=wishes.format)


def out_of_memory(fault):
    """Whether an exception says that the memory is full, in the words of Python, torch, safetensors and both systems."""
    text = str(fault).lower()
    return (
        isinstance(fault, MemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "cannot allocate memory" in text
        or "not enough memory" in text
        or "paging file is too small" in text
    )


def explain(fault):
    """An exception of the libraries as a Problem with a sentence."""
    if out_of_memory(fault):
        return Problem("memory-full", "The memory is full.", "Close other programs.")
    if getattr(fault, "errno", None) == 28 or "no space left" in str(fault).lower():
        return Problem("disk-full", "The disk is full.", "Make room.")
    if isinstance(fault, OSError):
        return Problem("export-failed", f"{fault}")
    lines = str(fault).strip().splitlines() or [""]
    return Problem(
        "unexpected",
        f"The export stopped for a reason that nobody foresaw: {type(fault).__name__}: {lines[0]}"[
            :300
        ],
    )


def main(argv=None):
    global AS_JSON
    wishes = options(argv)
    AS_JSON = wishes.json
    os.environ.update(
        HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", UNSLOTH_DISABLE_STATISTICS="1"
    )
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        export(wishes)
    except Problem as problem:
        tell(
            "failed",
            f"{problem} {problem.hint}".strip(),
            code=problem.code,
            message=str(problem),
            hint=problem.hint,
        )
        return problem.exit_code
    except Exception as fault:
        problem = explain(fault)
        tell(
            "failed",
            f"{problem} {problem.hint}".strip(),
            code=problem.code,
            message=str(problem),
            hint=problem.hint,
            details=traceback.format_exc(),
        )
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
