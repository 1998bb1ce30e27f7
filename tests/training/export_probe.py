"""Makes adapters and a 4-bit model, or compares exports, inside an environment.

Prints JSON.
"""

import json
import os
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TEXT = "a model learns when we train with care on one card every night"


def make_adapter(base, folder, rslora):
    """An adapter with random numbers in both matrices, so that it changes what the model says."""
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(base)
    model = get_peft_model(
        model,
        LoraConfig(
            r=8, lora_alpha=24, target_modules=MODULES, use_rslora=rslora, task_type="CAUSAL_LM"
        ),
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)


def make_four_bits(base, folder):
    """The model in bitsandbytes' 4-bit form with nested scales, as the published ones are."""
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                                bnb_4bit_compute_dtype=torch.bfloat16)  # fmt: skip
    model = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=config, dtype=torch.bfloat16
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)


def logits(model, tokenizer):
    ids = tokenizer(TEXT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        return model(input_ids=ids).logits.double()


def compare(base, adapter, merged):
    """Largest difference of logits over the largest logit: merged against the adapter on its model; and against the model alone."""
    tokenizer = AutoTokenizer.from_pretrained(merged)
    alone = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    plain = logits(alone, tokenizer)
    with_adapter = logits(PeftModel.from_pretrained(alone, adapter), tokenizer)
    made = logits(AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32), tokenizer)
    size = with_adapter.abs().max()
    return {"merged": float((made - with_adapter).abs().max() / size), "plain": float((plain - with_adapter).abs().max() / size),
            "template": tokenizer.chat_template}  # fmt: skip


def dequantized(script, folder):
    """Largest difference of each 4-bit weight as the script unpacks it and as bitsandbytes does."""
    import importlib.util

    from bitsandbytes.functional import QuantState, dequantize_4bit

    spec = importlib.util.spec_from_file_location("export", script)
    export = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(export)
    base = export.Base(folder)
    worst, count = 0.0, 0
    for name in base.names:
        state = next((k for k in base.where if k.startswith(f"{name}.quant_state.")), None)
        if state is None:
            continue
        parts = {k: base.where[k].get_tensor(k) for k in base.where if k.startswith(name + ".")}
        packed = base.where[name].get_tensor(name)
        right = dequantize_4bit(
            packed,
            QuantState.from_dict({k[len(name) + 1 :]: v for k, v in parts.items()}, device="cpu"),
        )
        worst = max(
            worst,
            float(
                (right.float() - base.read(name).float()).abs().max() / right.float().abs().max()
            ),
        )
        count += 1
    return {"matrices": count, "worst": worst}


def main():
    task, *arguments = sys.argv[1:]
    os.environ["HF_HUB_OFFLINE"] = "1"
    if task == "adapter":
        make_adapter(arguments[0], arguments[1], arguments[2] == "rslora")
    elif task == "four":
        make_four_bits(*arguments)
    elif task == "compare":
        print(json.dumps(compare(*arguments)))
    elif task == "dequantized":
        print(json.dumps(dequantized(*arguments)))


main()
