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
CHAT = (
    "{% for m in messages %}{{ '<s>[INST] ' + m['content'] + ' [/INST]' if m['role'] != 'assistant' else m['content'] + '</s>' }}"
    "{% endfor %}"
)
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


def make_sentencepiece(folder):
    """A small Llama whose tokenizer is of a kind that llama.cpp knows: SentencePiece with single bytes."""
    import sentencepiece
    from transformers import LlamaConfig, LlamaForCausalLM

    os.makedirs(folder)
    words = [
        "### Instruction",
        "### Response",
        *TEXT.split(),
        *map(str, range(100)),
        "Say",
        "It",
        "is",
    ]
    lines = [" ".join(words[(i * 7 + k * 5) % len(words)] for k in range(12)) for i in range(400)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=os.path.join(folder, "tokenizer"), vocab_size=400,
        model_type="bpe", byte_fallback=True, character_coverage=1.0, minloglevel=2,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1,
    )  # fmt: skip
    os.remove(os.path.join(folder, "tokenizer.vocab"))
    config = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
              "pad_token": "</s>", "add_bos_token": True, "legacy": False, "model_max_length": 4096,
              "chat_template": CHAT}  # fmt: skip
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    torch.manual_seed(3407)
    shape = LlamaConfig(
        hidden_size=256, intermediate_size=704, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=400, max_position_embeddings=4096, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
    )  # fmt: skip
    LlamaForCausalLM(shape).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(TEXT)["input_ids"]
    print(
        json.dumps(
            {"tokens": len(ids), "vocabulary": len(tokenizer), "back": tokenizer.decode(ids)}
        )
    )


def tell_gguf(file, gguf_py, merged):
    """What llama.cpp's own reader finds in a GGUF file, and how far its weights are from the merged model's."""
    sys.path.insert(0, gguf_py)
    import gguf
    import numpy
    from gguf.quants import dequantize
    from safetensors.torch import load_file

    reader = gguf.GGUFReader(file)
    text = {
        name: bytes(field.parts[field.data[0]]).decode("utf-8")
        for name, field in reader.fields.items()
        if field.types and field.types[0] == gguf.GGUFValueType.STRING
    }
    weights = {t.name: dequantize(t.data, t.tensor_type) for t in reader.tensors}
    right = load_file(os.path.join(merged, "model.safetensors"))
    pairs = {"token_embd.weight": "model.embed_tokens.weight", "blk.1.ffn_down.weight": "model.layers.1.mlp.down_proj.weight",
             "blk.0.attn_v.weight": "model.layers.0.self_attn.v_proj.weight"}  # fmt: skip
    apart = {
        ours: float(numpy.abs(weights[ours] - right[theirs].float().numpy()).max() / right[theirs].float().abs().max())
        for ours, theirs in pairs.items()
    }  # fmt: skip
    print(json.dumps({"text": text, "tensors": len(weights), "expected": len(right), "apart": max(apart.values()),
                      "kinds": sorted({t.tensor_type.name for t in reader.tensors})}))  # fmt: skip


def logits(model, tokenizer):
    ids = tokenizer(TEXT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        return model(input_ids=ids).logits.double()


def tell_logits(folder):
    """The tokens of the text and all logits at each."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer(TEXT)["input_ids"]
    print(json.dumps({"prompt": ids, "logits": logits(model, tokenizer)[0].tolist()}))


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
    elif task == "sentencepiece":
        make_sentencepiece(*arguments)
    elif task == "logits":
        tell_logits(*arguments)
    elif task == "gguf":
        tell_gguf(*arguments)
    elif task == "compare":
        print(json.dumps(compare(*arguments)))
    elif task == "dequantized":
        print(json.dumps(dequantized(*arguments)))


main()
