"""Fine-tuning with Unsloth, on a card or on the processor, by the profile's own trainer."""

import inspect
import os
import re
import time
from typing import Any

import telling
import unsloth_import

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RANK, SEED = 16, 3407


class Unsloth:
    """FastLanguageModel: 4-bit where bitsandbytes works on a card, whole weights on a processor."""

    trainer = "unsloth"

    def __init__(self, torch: Any, length: int, bits: int, device: Any) -> None:
        self.fast = unsloth_import.bring_in()
        self.torch, self.length = torch, length
        self.bits = 32 if device.type == "cpu" else bits
        self.dtype = telling.half_type(torch, device)
        self.place: dict[str, Any] = {}  # which card, where there are several

    def load(self, folder: str) -> tuple[Any, Any]:
        """A model, or an adapter together with the model it names."""
        return self.fast.from_pretrained(
            model_name=folder,
            max_seq_length=self.length,
            dtype=self.dtype,
            load_in_4bit=self.bits == 4,
            **self.place,
        )

    def adapt(self, model: Any) -> Any:
        """Put LoRA matrices on all seven projections."""
        return self.fast.get_peft_model(
            model,
            r=RANK,
            lora_alpha=RANK,
            lora_dropout=0,
            bias="none",
            random_state=SEED,
            target_modules=MODULES,
            use_gradient_checkpointing="unsloth",
        )

    def for_answers(self, model: Any) -> None:
        """Unsloth's own switch to generating."""
        self.fast.for_inference(model)


def workers() -> int | None:
    """What keeps the preparation of data in this process (a second one starts slowly, or not at
    all, on Windows).

    datasets before 4.1 works in-process at ``None`` and 1, from 4.1 on at ``None`` and 0 (its
    ``map``). Unsloth of 2025 makes ``None`` into a number of processes, so that 0 is right there;
    newer Unsloth takes ``None`` and goes by its variable ``UNSLOTH_DATASET_NUM_PROC``.
    """
    if numbers(telling.version("datasets")) < (4, 1):
        return 1
    return 0 if (0,) < numbers(telling.version("unsloth")) < (2026,) else None


def numbers(version: str | None) -> tuple[int, ...]:
    """The leading numbers of a version; (0,) where there is none."""
    return tuple(int(part) for part in re.findall(r"\d+", version or "0")[:2])


def settings(config: Any, wishes: dict[str, Any]) -> Any:
    """An SFTConfig of whatever age: names that it does not know are left out, renamed ones follow."""
    known = set(inspect.signature(config).parameters) | set(
        getattr(config, "__dataclass_fields__", {})
    )
    if "max_length" not in known:
        wishes["max_seq_length"] = wishes.pop("max_length")
    return config(
        **{name: value for name, value in wishes.items() if name in known or "kwargs" in known}
    )


def build_trainer(
    way: Any,
    model: Any,
    tokenizer: Any,
    rows: list[str],
    steps: int,
    folder: str,
    callback: type,
    more: dict[str, Any] | None = None,
) -> Any:
    """The profile's SFTTrainer over the texts, with ``more`` of its settings."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    on_card = way.torch.cuda.is_available() and way.torch.version.cuda is not None
    # No gradient_checkpointing: get_peft_model has set it, and the trainer's own would undo Unsloth's.
    wishes = {
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "warmup_steps": 2,
        "max_steps": steps,
        "learning_rate": 2e-3 if on_card else 1e-2,
        "logging_steps": 1,
        "weight_decay": 0.01,
        "lr_scheduler_type": "linear",
        "seed": SEED,
        "output_dir": os.path.join(folder, "run"),
        "report_to": "none",
        "save_strategy": "no",
        "optim": "adamw_8bit" if way.bits == 4 else "adamw_torch",
        "disable_tqdm": True,
        "dataset_text_field": "text",
        "dataset_num_proc": workers(),
        "packing": False,
        "max_length": way.length,
        "dataloader_num_workers": 0,
        "bf16": on_card and way.dtype is way.torch.bfloat16,
        "fp16": on_card and way.dtype is way.torch.float16,
        "use_cpu": not on_card,
        "dataloader_pin_memory": on_card,
        **(more or {}),
    }
    data = Dataset.from_dict({"text": [row + tokenizer.eos_token for row in rows]})
    tokens = (
        "tokenizer"
        if "tokenizer" in inspect.signature(SFTTrainer.__init__).parameters
        else "processing_class"
    )
    return SFTTrainer(
        model=model,
        train_dataset=data,
        args=settings(SFTConfig, wishes),
        callbacks=[callback()],
        **{tokens: tokenizer},
    )


def recorder(
    torch: Any,
    steps: int,
    losses: list[float],
    norms: list[float],
    moments: list[float],
    name: str = "fine_tune.loss",
) -> type:
    """A callback class that streams losses as they come, by this name, and keeps the times of steps."""
    from transformers import TrainerCallback

    class Recorder(TrainerCallback):  # type: ignore[misc]
        """Tells loss and gradient norm of each step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            moments.append(time.perf_counter())

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any
        ) -> None:
            if logs and "loss" in logs:
                losses.append(float(logs["loss"]))
                norm = float(logs["grad_norm"]) if logs.get("grad_norm") is not None else None
                if norm is not None:
                    norms.append(norm)
                telling.measured(
                    name,
                    losses[-1],
                    "nats a token",
                    step=int(state.global_step),
                    grad_norm=norm,
                )
                telling.progress(int(state.global_step), steps)

    return Recorder
