"""A small Llama-style model with tokenizer and texts, made on the spot.

``python small_model.py FOLDER`` writes one.
"""

import os
import random
import sys
from typing import Any

# Width, inner width, layers, heads, key-value heads, vocabulary. The card's is 16.8 million
# parameters, as measured with Unsloth on an H100 (loss 8.4 to 6.3 in 20 steps); the processor's
# trains 20 steps in seconds on two cores.
SHAPES = {"card": (512, 1536, 4, 8, 4, 4096), "processor": (256, 704, 2, 4, 2, 1024)}
WORDS = [
    "the",
    "a",
    "model",
    "learns",
    "small",
    "steps",
    "and",
    "good",
    "data",
    "makes",
    "it",
    "better",
    "when",
    "we",
    "train",
    "with",
    "care",
    "on",
    "one",
    "card",
    "every",
    "night",
    "blue",
    "river",
    "stone",
    "light",
    "green",
]
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def texts(count: int = 400) -> list[str]:
    """Instruction texts with a pattern that can be learned: line k is followed by line k + 1."""
    chance = random.Random(7)
    lines = [" ".join(chance.choice(WORDS) for _ in range(12)) for _ in range(16)]
    return [
        f"### Instruction:\nRepeat line {i % 16}\n### Response:\n"
        + "\n".join(lines[(i + k) % 16] for k in range(4))
        for i in range(count)
    ]


def make_tokenizer(folder: str) -> Any:
    """Train a byte-level BPE on the texts and save it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    engine = Tokenizer(models.BPE(unk_token=None, byte_fallback=False))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    engine.train_from_iterator(
        texts(64),
        trainers.BpeTrainer(
            vocab_size=1024,
            special_tokens=["<s>", "</s>", "<pad>"],
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=engine, model_max_length=4096, **names)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_model(folder: str, shape: str) -> int:
    """Write a model with random weights; returns its number of parameters. Same seed, same weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    width, inner, layers, heads, kv, vocabulary = SHAPES[shape]
    config = LlamaConfig(
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv,
        vocab_size=vocabulary,
        max_position_embeddings=4096,
        rms_norm_eps=1e-5,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    torch.manual_seed(3407)
    model = LlamaForCausalLM(config)
    # Unsloth reads the type from the configuration, so that the weights must be stored in it
    model = model.to(torch.float32 if shape == "processor" else sixteen_bits(torch))
    count = sum(p.numel() for p in model.parameters())
    model.save_pretrained(folder)
    return count


def sixteen_bits(torch: Any) -> Any:
    """bf16 where the card computes in it, else fp16."""
    native = torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)
    return torch.bfloat16 if native else torch.float16


def make(folder: str, shape: str) -> int:
    """Tokenizer and model in one folder, as ``from_pretrained`` takes it."""
    os.makedirs(folder, exist_ok=True)
    make_tokenizer(folder)
    return make_model(folder, shape)


if __name__ == "__main__":
    import torch

    print(make(sys.argv[1], "card" if torch.cuda.is_available() else "processor"), "parameters")
