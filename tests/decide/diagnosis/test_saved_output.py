"""Output that was saved as HTML or in a notebook, or cut at a width, is read as it was shown."""

from __future__ import annotations

import html
import json

import pytest

from app.decide.diagnosis.explain import explain
from app.decide.diagnosis.log_text import Text
from app.decide.diagnosis.saved_output import join_cut_lines, without_json, without_tags
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

SHOWN = (
    'File "/w/t.py", line 3, in <module>\n'
    "ImportError: cannot import name 'Zork' from 'triton' (/w/site-packages/triton/__init__.py)\n"
)
CAUSE = "triton_version_mismatch"


def colour(line: str) -> str:
    """Each word in a span of its own, as converters of colours write a line."""
    words = html.escape(line).split(" ")
    return " ".join(f'<span style="color:#b00" class="a">{word}</span>' for word in words)


SAVED = {
    "Jupyter": f'<div class="output_subarea output_error"><pre>\n{colour(SHOWN)}</pre></div>',
    "JupyterLab": f'<div class="jp-RenderedText" data-mime-type="x"><pre>{colour(SHOWN)}</pre></div>',
    "lines as breaks": "<pre>" + "<br/>".join(map(colour, SHOWN.splitlines())) + "</pre>",
    "a line a div": "".join(
        f'<div class="log-line"><span>{html.escape(line)}</span></div>'
        for line in SHOWN.splitlines()
    ),
    "a whole page": "<!DOCTYPE html>\n<html><head><style>.ansi-red-fg {color: red}\npre {margin: 0}</style></head>"
    + '<body>\n<p>Run 3</p>\n<pre class="ansi2html-content">\n'
    + html.escape(SHOWN)
    + "</pre></body></html>",
    "entities alone": html.escape(SHOWN),
    "a tag over two lines": f'<pre\n class="console">{html.escape(SHOWN)}</pre>',
}


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_output_that_was_saved_as_html_is_read(saved: str) -> None:
    found = explain(saved, KNOWN_ISSUES)
    assert found.cause == CAUSE
    assert found.evidence[0].text.startswith(("ImportError: cannot import", "File "))
    assert "cannot import name 'Zork'" in saved or "&#x27;" in saved
    lines = saved.split("\n")
    assert "Zork" in lines[found.evidence[-1].line - 1] or "Zork" in found.evidence[0].text


@pytest.mark.parametrize(
    "text",
    [
        "<s> and </s> are tokens of the model, a < b > c",
        "<html><head><title>Sign in</title></head><body><p>Welcome</p></body></html>",
        '<h2>Out of memory</h2>\n<p>You see</p>\n<pre><span class="n">CUDA out of memory</span></pre>',
        "plain words & more",
    ],
)
def test_other_texts_with_angles_stay(text: str) -> None:
    assert without_tags(text) == text


def test_a_page_that_somebody_wrote_has_no_cause() -> None:
    page = (
        "<h2>Errors</h2>\n<p>You may see</p>\n<pre><span>torch.OutOfMemoryError: CUDA out of memory"
    )
    assert explain(page + "</span></pre>\n<p>Take less.</p>\n", KNOWN_ISSUES).cause is None


def cut(text: str, width: int) -> str:
    return "\n".join(
        line[at : at + width] for line in text.split("\n") for at in range(0, len(line) or 1, width)
    )


LONG = (
    "2027-01-03 loading the tokenizer of the model from the folder /srv/models/of/the/team/base-7b and its weights\n"
    + SHOWN
    + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 23.99 GiB."
)


@pytest.mark.parametrize("width", range(74, 90))
def test_lines_that_a_console_cut_are_whole_again(width: int) -> None:
    text = LONG.lower()
    joined = join_cut_lines(cut(text, width))
    assert len(joined) == len(cut(text, width))
    assert "cuda out of memory. tried to allocate 20.00 gib" in joined
    assert "of the model from the folder /srv/models/of/the/team" in joined


@pytest.mark.parametrize("width", [36, 42, 48])
def test_lines_that_a_narrow_screen_cut_are_whole_again(width: int) -> None:
    """Also below a bar of progress that was drawn at another width."""
    text = cut(LONG.lower(), width)
    for above in ("", "tokenizing: " + "#" * 69 + "\n"):
        joined = join_cut_lines(above + text)
        assert len(joined) == len(above + text)
        assert "cuda out of memory. tried to allocate 20.00 gib" in joined


def test_lines_of_one_kind_and_length_stay_apart() -> None:
    rows = "".join(
        f"2027-01-03 10:00:{second:02} trainer: step {second:02} of 60, loss 0.91, all well here and there\n"
        for second in range(20)
    )
    assert join_cut_lines(rows) == rows


def test_the_line_of_a_cut_message_is_that_of_its_beginning() -> None:
    text = Text(cut(LONG, 80))
    at = text.lower.index("cuda out of memory")
    assert "OutOfMemoryError" in text.original.split("\n")[text.line(at) - 1]


def notebook(*lines: str, name: str, indent: int | None) -> str:
    """A cell of a notebook's file with an error, its traceback coloured as IPython writes it."""
    bar = "\x1b[0;31m" + 75 * "-" + "\x1b[0m"
    coloured = [f"\x1b[0;31m{line}\x1b[0m" for line in lines]
    error = {"output_type": "error", "ename": name, "traceback": [bar, *coloured]}
    stream = {"output_type": "stream", "text": ["Num examples = 10\n", 'a "quoted" word\n']}
    return json.dumps({"cells": [{"outputs": [stream, error]}]}, indent=indent)


@pytest.mark.parametrize(
    ("name", "message", "cause"),
    [
        ("OutOfMemoryError", "CUDA out of memory. Tried to allocate 896.00 MiB.", "cuda_oom"),
        (
            "TypeError",
            "SFTTrainer.__init__() got an unexpected keyword argument 'dataset_text_field'",
            "trl_api_changed",
        ),
    ],
)
@pytest.mark.parametrize("indent", [None, 1, 4])
def test_a_notebooks_file_is_read(name: str, message: str, cause: str, indent: int | None) -> None:
    """The message is found behind JSON's quotes and colours, and the line that shows it is counted."""
    frame = "Cell In[5], line 2\n----> 2 trainer.train()\n"
    saved = notebook(frame, f"{name}: {message}", name=name, indent=indent)
    found = explain(saved, KNOWN_ISSUES)
    assert found.cause == cause
    assert message[:20] in saved.split("\n")[found.evidence[0].line - 1]
    assert indent is None or "\\u001b" not in found.evidence[0].text


def test_other_json_stays_as_it_is() -> None:
    rows = json.dumps([{"text": "a\nb \x1b[0;31m"}], indent=1)
    assert without_json(rows) == rows
