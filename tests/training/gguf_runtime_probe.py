"""With llama-cpp-python: loads a GGUF file, evaluates a prompt, prints its tokens and all logits."""

import json
import sys

import numpy
from llama_cpp import Llama

TEXT = "a model learns when we train with care on one card every night"
model = Llama(sys.argv[1], n_ctx=128, logits_all=True, verbose=False)
tokens = model.tokenize(TEXT.encode(), add_bos=True)
model.eval(tokens)
scores = numpy.asarray(model.scores[: len(tokens)])
print(json.dumps({"prompt": tokens, "logits": scores.tolist()}))
