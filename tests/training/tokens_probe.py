"""Runs the script's tokenizer step over several chat templates inside an environment.

Prints what came of it as JSON.
"""

import importlib.util
import json
import os
import sys

script_path, maker_path, folder = sys.argv[1:4]

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + (m['content'] | trim)"
    " + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
# Qwen's later models: thoughts of earlier turns are left out, the last answer has an empty one.
THINKING = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}{% if m['role'] == 'assistant' %}"
    "{% set words = m['content'].split('</think>')[-1].lstrip('\n') %}"
    "{% if loop.last %}{{ '<think>\n\n</think>\n\n' + words }}{% else %}{{ words }}{% endif %}"
    "{% else %}{{ m['content'] }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + (m['content'] | trim) + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}"
)
CHANGING = "{% for m in messages %}{{ m['role'] + ': ' + m['content'].upper() + '\n' }}{% endfor %}"
# As some models have it: no end mark at all, so that a model trained on it as it is never stops.
BARE = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)
TEMPLATES = {"chatml": CHATML, "llama3": LLAMA3, "thinking": THINKING, "gemma": GEMMA, "mistral": MISTRAL,
             "changing": CHANGING, "bare": BARE, "none": None}  # fmt: skip
MARKS = [
    "<|im_start|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<start_of_turn>",
    "<end_of_turn>",
]
ROWS = {
    "one": [("user", "What is a lock?"), ("assistant", "Exact versions.")],
    "turns": [("system", "Be brief."), ("user", "user"), ("assistant", "assistant\n"), ("user", "a"), ("assistant", " Größe 好. ")],
    "thought": [("user", "Why?"), ("assistant", "<think>\nhm\n</think>\n\nFirst."), ("user", "And?"), ("assistant", "Second.")],
}  # fmt: skip


def load(path):
    spec = importlib.util.spec_from_file_location("loaded", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def conversation(turns):
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def main():
    script, maker = load(script_path), load(maker_path)
    seen = {}
    for name, template in TEMPLATES.items():
        place = os.path.join(folder, name)
        os.makedirs(place)
        tokenizer = maker.make_tokenizer(place)
        if template is None:  # a base model's folder
            os.remove(os.path.join(place, "chat_template.jinja"))
        tokenizer.chat_template = template
        tokenizer.add_tokens(MARKS, special_tokens=True)
        tokenizer.save_pretrained(place)
        tokens = script.Tokens(place, 256, "answers")
        found = {"system": tokens.takes_system, "rows": {}}
        for row_name, turns in ROWS.items():
            try:
                ids, learnt, text, spans, cut = tokens.examples(conversation(turns))[0]
            except Exception as fault:
                found["rows"][row_name] = {"fault": str(fault)}
                continue
            parts, open_part = [], None
            for number, yes in zip(ids, learnt):
                if not yes:
                    open_part = None
                elif open_part is None:
                    open_part = [number]
                    parts.append(open_part)
                else:
                    open_part.append(number)
            found["rows"][row_name] = {
                "text": text, "whole": tokens.tokenizer.decode(ids) == text, "begins": ids[0] == tokens.tokenizer.bos_token_id,
                "twice": list(ids[:2]) == [tokens.tokenizer.bos_token_id] * 2,
                "learnt": [tokens.tokenizer.decode(part) for part in parts], "spans": [text[a:b] for a, b in spans],
            }  # fmt: skip
        prompt, expected, question = tokens.prompt(conversation(ROWS["one"]))
        found["prompt"] = [tokens.tokenizer.decode(prompt), expected, question]
        found["notes"] = tokens.notes
        seen[name] = found
    cut = script.Tokens(place, 16, "answers")
    long = [("user", "word " * 40), ("assistant", "never seen")]
    ids, learnt, _, _, over = cut.examples(conversation(long))[0]
    pieces = cut.examples({"text": "one card and one driver " * 20})
    joined = [number for piece, *_ in pieces for number in piece]
    seen["cut"] = {"tokens": len(ids), "learnt": sum(learnt), "over": over, "pieces": len(pieces),
                   "longest": max(len(p) for p, *_ in pieces), "same": cut.tokenizer.decode(joined),
                   "all": all(all(m) for _, m, *_ in pieces)}  # fmt: skip
    wishes, wide = script.options(["--length", "64"]), script.Tokens(place, 64, "answers")
    rows = [conversation(ROWS["one"])] * 20 + [
        conversation([("user", "word " * 200), ("assistant", "never seen")])
    ] * 3
    seen["prepared"] = script.Prepared(rows, wide, wishes).describe(wide, wishes)
    print(json.dumps(seen))


main()
