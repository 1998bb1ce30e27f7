"""With llama-cpp-python: prints the logits that a GGUF file gives, or its answer to a question."""

import json
import sys

import numpy
from llama_cpp import Llama

TEXT = "a model learns when we train with care on one card every night"
model = Llama(sys.argv[1], n_ctx=128, logits_all=True, verbose=False)
if len(sys.argv) > 2:
    asked = [{"role": "user", "content": sys.argv[2]}]
    said = model.create_chat_completion(asked, max_tokens=60, temperature=0)["choices"][0]
    print(json.dumps({"answer": said["message"]["content"], "ended": said["finish_reason"]}))
else:
    tokens = model.tokenize(TEXT.encode(), add_bos=True)
    model.eval(tokens)
    scores = numpy.asarray(model.scores[: len(tokens)])
    print(json.dumps({"prompt": tokens, "logits": scores.tolist()}))
