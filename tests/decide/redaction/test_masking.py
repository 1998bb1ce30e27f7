"""Known secrets are masked in every kind of event, in every spelling.

Also where a chunk of output cuts them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decide.redaction.masking import SHORTEST, SecretMasker, known_secrets, spellings
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Failed, Line, Measured, Progress, Started
from app.model.sources import Sources

SECRETS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=SHORTEST, max_size=30
)


def test_secrets_are_known_from_addresses_and_variables() -> None:
    found = known_secrets(
        Sources(
            index="https://jan:p%C3%A4ssword@index.invalid/simple/",
            proxy="jan:second1@proxy.invalid:3128",
            python_mirror="https://jan:third123@py.invalid/releases",
            extra_indexes=("https://ghp_abcdefghijklmnop1234@extra.invalid/simple/",),
        ),
        {
            "HF_TOKEN": "hf_abcdef",
            "WANDB_API_KEY": "0123456789",
            "SSH_KEY": "/home/jan/.ssh/id",
            "USE_TOKEN": "false",
            "PATH": "/usr/bin",
            "EXTRA": "http://me:p@ss/word@third.invalid",
            "TOKENIZERS_PARALLELISM": "false",
        },
    )
    assert {
        "p%C3%A4ssword",
        "pässword",
        "second1",
        "third123",
        "ghp_abcdefghijklmnop1234",
        "hf_abcdef",
        "0123456789",
        "p@ss/word",
    } <= found
    assert base64.b64encode("jan:pässword".encode()).decode().rstrip("=") in found
    assert not found & {"/home/jan/.ssh/id", "false", "/usr/bin"}


def test_without_secrets_everything_passes_as_it_is() -> None:
    payloads: list[AnyPayload] = [Started(title="x"), Line(text=b"\xff\x00abc"), Progress(done=1.0)]
    assert list(SecretMasker(()).filter(iter(payloads))) == payloads


@given(SECRETS, st.integers(1, 7))
def test_no_spelling_comes_through_wherever_the_output_is_cut(secret: str, step: int) -> None:
    forms = {
        form.encode(code)
        for form in {*spellings(secret), secret, quote(secret, safe="")}
        for code in ("utf-8", "utf-16-le")
    }
    whole = b"<|" + b"|".join(sorted(forms)) + b"|>"
    chunks: list[AnyPayload] = [
        Line(text=whole[at : at + step]) for at in range(0, len(whole), step)
    ]
    seen = b"".join(
        what.text for what in SecretMasker({secret}).filter(chunks) if isinstance(what, Line)
    )
    assert not [
        form for form in forms if len(form) >= SHORTEST and form in seen.replace(b"***", b"\0")
    ]
    assert seen.startswith(b"<|") and seen.endswith(b"|>")


@given(st.binary(max_size=200), st.integers(1, 9))
def test_other_output_comes_through_byte_for_byte_and_in_order(data: bytes, step: int) -> None:
    chunks: list[AnyPayload] = [Line(text=data[at : at + step]) for at in range(0, len(data), step)]
    seen = b"".join(
        what.text
        for what in SecretMasker({"never-in-there-0123456789"}).filter(chunks)
        if isinstance(what, Line)
    )
    assert seen == data


def test_every_kind_of_happening_loses_it() -> None:
    masker = SecretMasker({"geheim123"})
    payloads: list[AnyPayload] = [
        Line(text=b"before gehe"),
        Progress(done=1.0, note="file geheim123"),
        Line(text=b"im123"),
        Measured(name="n", value={"a": ["geheim123"]}, detail={"geheim123": 1}),
        Failed(code="c", message="m geheim123", details="d geheim123", hint="h"),
    ]
    seen = list(masker.filter(payloads))
    assert "geheim123" not in repr(seen)
    assert b"".join(what.text for what in seen if isinstance(what, Line)) == b"before ***"
    assert Progress(done=1.0, note="file ***") in seen
    assert Measured(name="n", value={"a": ["***"]}, detail={"***": 1}) in seen


def test_an_error_loses_it_and_what_was_held_back_is_told_first() -> None:
    masker = SecretMasker({"geheim123"})

    def fails() -> Iterator[AnyPayload]:
        yield Line(text=b"last words geh")
        raise ExpectedError("x", "with geheim123", details="geheim123", hint="geheim123")

    seen: list[AnyPayload] = []
    with pytest.raises(ExpectedError) as caught:
        seen.extend(masker.filter(fails()))
    error = masker.error(caught.value)
    assert "geheim123" not in error.message + error.details + error.hint + str(error)
