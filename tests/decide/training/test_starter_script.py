"""The starter script: for every profile, for cards of every size, and once run for real."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

import pytest

from app.decide.training import starter_script
from app.knowledge import Knowledge
from app.model.errors import InputError
from app.model.machine import Gpu, MachineFacts, Os

RESOURCES = Path(__file__).parents[3] / "resources"
PROFILES = [
    "guide-2024.9.post3",
    "legacy-2024.9",
    "legacy-2024.9.post4",
    "torch26-2025.3",
    "torch28-2025.11",
    "torch212-2026.10",
    "practice-cpu",
]


def read(name: str) -> bytes:
    """A file of ``resources/``."""
    return (RESOURCES / name).read_bytes()


def machine(gib: float, used: int = 0) -> MachineFacts:
    """A computer with one card of this size."""
    return MachineFacts(
        os=Os(family="windows"),
        gpus=(
            Gpu(
                vendor="nvidia",
                name="NVIDIA GeForce RTX 3090",
                memory_total=int(gib * 2**30),
                memory_used=used,
            ),
        ),
    )


def call_arguments(text: str, function: str) -> dict[str, str]:
    """The keyword arguments of the first call of a function, as source."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function:
            return {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg}
    raise AssertionError(f"no call of {function}")


@pytest.mark.parametrize("name", PROFILES)
def test_renders_and_compiles_with_the_profiles_own_names(knowledge: Knowledge, name: str) -> None:
    """Every profile's script is Python, has its main guard, and speaks its trl's language."""
    profile = knowledge.profile(name)
    text = starter_script.render_script(profile, machine(24), knowledge.guide, read)
    compile(text, name, "exec")
    assert "${" not in text
    assert 'if __name__ == "__main__":' in text
    config, trainer = call_arguments(text, "SFTConfig"), call_arguments(text, "SFTTrainer")
    assert config[profile.training.length_name] == "LENGTH"
    assert config["dataset_num_proc"] == str(profile.training.dataset_num_proc)
    assert trainer[profile.training.tokenizer_name] == "tokenizer"
    assert profile.versions.torch in text
    assert "from unsloth import FastLanguageModel" in text
    assert text.index("UNSLOTH_DISABLE_STATISTICS") < text.index("from unsloth import")
    other = {"max_length": "max_seq_length", "max_seq_length": "max_length"}[
        profile.training.length_name
    ]
    assert other not in config


@pytest.mark.parametrize(
    ("name", "workers"),
    [
        ("guide-2024.9.post3", 1),
        ("torch26-2025.3", 1),
        ("torch28-2025.11", 0),
        ("torch212-2026.10", None),
    ],
)
def test_data_is_prepared_in_one_process(
    knowledge: Knowledge, name: str, workers: int | None
) -> None:
    """1 before datasets 4.1; 0 where Unsloth turns None into many (2025); None where it does not."""
    assert knowledge.profile(name).training.dataset_num_proc == workers


@pytest.mark.parametrize("name", PROFILES)
def test_names_a_model_that_the_profile_knows(knowledge: Knowledge, name: str) -> None:
    """No script names a model that is not in the data; Llama 3.2 comes only where Unsloth knows it."""
    profile = knowledge.profile(name)
    ids = {m.id for m in starter_script.list_models(profile, knowledge.guide)}
    assert starter_script.choose_size(profile, machine(24), knowledge.guide).model in ids
    assert ("unsloth/Llama-3.2-3B-Instruct-bnb-4bit" in ids) == (
        profile.needs.gpu and name != "legacy-2024.9"
    )


@pytest.mark.parametrize(
    ("gib", "label"),
    [
        (2, "0.6B"),
        (4, "1B"),
        (6, "4B"),
        (8, "7B"),
        (12, "Qwen 3 8B"),
        (24, "14B"),
        (48, "32B"),
        (80, "70B"),
    ],
)
def test_sized_to_the_card(knowledge: Knowledge, gib: int, label: str) -> None:
    """The larger the card, the larger the model; what is chosen fits with a tenth to spare."""
    got = starter_script.choose_size(
        knowledge.profile("torch212-2026.10"), machine(gib), knowledge.guide
    )
    assert got.label == label
    assert got.fits is True
    assert (
        got.memory is not None
        and got.available is not None
        and got.memory.process * 1.1 <= got.available
    )


def test_a_small_card_is_sized_as_the_finding_advises(knowledge: Knowledge) -> None:
    """The limits, batch and tokens of the finding vram-low and of the starter script are the same."""
    rows = sorted(knowledge.guide.small_cards, key=lambda row: row.below_gib)
    limits = [knowledge.rules.limit(f"limit.{name}") for name in ("vram_tiny", "vram_small")]
    assert [f"{row.below_gib:g} GiB" for row in rows] == limits
    for row, limit in zip(rows, ("limit.vram_tiny", "limit.vram_small"), strict=True):
        rule = next(
            r for r in knowledge.rules.rules if r.id == "vram-low" and limit in repr(r.when)
        )
        assert f"batch {row.batch}, at most {row.length} tokens" in rule.remedy
        got = starter_script.choose_size(
            knowledge.profile("torch212-2026.10"), machine(row.below_gib - 0.2), knowledge.guide
        )
        assert got.batch <= row.batch
        assert got.length <= row.length
        assert got.memory is not None
        assert got.memory.parameters <= row.billions * 1e9


def test_every_model_says_where_it_is_known_from(knowledge: Knowledge) -> None:
    """Source, date, licence and the transformers that knows it; nothing is offered beyond the pins."""
    for model in knowledge.guide.models:
        assert model.source, model.id
        assert model.licence, model.id
        assert model.transformers, model.id
        assert len(model.date) == 10, model.id
    labels = {
        name: {
            m.label for m in starter_script.list_models(knowledge.profile(name), knowledge.guide)
        }
        for name in PROFILES
    }
    assert {"4B", "0.6B", "70B"} <= labels["torch212-2026.10"]
    assert "70B" in labels["torch26-2025.3"]
    assert not {"4B", "0.6B"} & labels["torch26-2025.3"]
    assert "70B" not in labels["legacy-2024.9.post4"]


def test_memory_in_use_counts(knowledge: Knowledge) -> None:
    """A card that is half full takes a smaller model."""
    profile = knowledge.profile("torch212-2026.10")
    assert (
        starter_script.choose_size(profile, machine(12, used=7 << 30), knowledge.guide).label
        == "4B"
    )


def test_wishes_are_kept_and_said_not_to_fit(knowledge: Knowledge) -> None:
    """Nobody is overruled: 14B on 8 GB is written as asked, with the warning."""
    profile = knowledge.profile("torch212-2026.10")
    got = starter_script.choose_size(
        profile, machine(8), knowledge.guide, model="14B", length=4096, batch=4, rank=64
    )
    assert (got.label, got.length, got.batch, got.rank, got.accumulation, got.fits) == (
        "14B",
        4096,
        4,
        64,
        2,
        False,
    )
    text = starter_script.render_script(
        profile, machine(8), knowledge.guide, read, model="14B", length=4096
    )
    assert "does not fit" in text


def test_sixteen_bits_take_the_sixteen_bit_copy(knowledge: Knowledge) -> None:
    """A 4-bit copy cannot be trained in 16 bits."""
    text = starter_script.render_script(
        knowledge.profile("torch212-2026.10"),
        machine(24),
        knowledge.guide,
        read,
        model="3B",
        bits=16,
    )
    assert 'MODEL = "unsloth/Llama-3.2-3B-Instruct"' in text
    assert "FOUR_BITS = False" in text


def test_own_model_and_windows_folder(knowledge: Knowledge) -> None:
    """A folder with backslashes and umlauts stays what it is; its memory is said to be unknown."""
    folder = 'C:\\Models\\Jürgen\'s "new"'
    text = starter_script.render_script(
        knowledge.profile("torch28-2025.11"), machine(24), knowledge.guide, read, model=folder
    )
    assert any(isinstance(n, ast.Constant) and n.value == folder for n in ast.walk(ast.parse(text)))
    assert "not known" in text


def test_no_card_known(knowledge: Knowledge) -> None:
    """Without facts about a card the script is still written."""
    facts = MachineFacts(os=Os(family="linux"))
    assert "an unknown card" in starter_script.render_script(
        knowledge.profile("torch28-2025.11"), facts, knowledge.guide, read
    )


@pytest.mark.parametrize("wish", [{"length": 0}, {"batch": -1}, {"rank": 100_000}, {"bits": 3}])
def test_impossible_wishes(knowledge: Knowledge, wish: dict[str, int]) -> None:
    """One sentence that names the value."""
    with pytest.raises(InputError, match=str(next(iter(wish.values())))):
        starter_script.choose_size(
            knowledge.profile("torch28-2025.11"),
            machine(24),
            knowledge.guide,
            **wish,  # type: ignore[arg-type]
        )


@pytest.mark.real
@pytest.mark.skipif(
    "PRACTICE_PYTHON" not in os.environ,
    reason="PRACTICE_PYTHON names no interpreter of practice-cpu",
)
def test_runs_as_it_is(knowledge: Knowledge, tmp_path: Path) -> None:
    """On the small model, offline, in an environment of practice-cpu: trains, saves, answers."""
    python = os.environ["PRACTICE_PYTHON"]
    subprocess.run(
        [python, str(RESOURCES / "checks" / "small_model.py"), str(tmp_path / "model")], check=True
    )
    file = tmp_path / "train.py"
    file.write_text(
        starter_script.render_script(
            knowledge.profile("practice-cpu"), machine(8), knowledge.guide, read
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [python, str(file), "--model", str(tmp_path / "model"), "--max-steps", "2"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "outputs" / "adapter" / "adapter_model.safetensors").exists()


def test_of_several_cards_the_script_takes_the_one_it_is_sized_for(knowledge: Knowledge) -> None:
    """A P40 has more memory than an RTX 4060 and cannot run what the script starts."""
    old = Gpu(
        vendor="nvidia",
        index=0,
        name="Tesla P40",
        compute_capability="6.1",
        memory_total=24 * 2**30,
    )
    new = Gpu(
        vendor="nvidia",
        index=1,
        name="NVIDIA GeForce RTX 4060",
        compute_capability="8.9",
        memory_total=8 * 2**30,
        uuid="GPU-1",
    )
    profile = knowledge.profile("torch28-2025.11")

    def made(*gpus: Gpu) -> str:
        return starter_script.render_script(
            profile, MachineFacts(os=Os(family="windows"), gpus=gpus), knowledge.guide, read
        )

    both = made(old, new)
    ast.parse(both)
    assert "Sized for NVIDIA GeForce RTX 4060" in both
    assert 'os.environ.setdefault("CUDA_VISIBLE_DEVICES", "GPU-1")' in both
    assert both.index("CUDA_VISIBLE_DEVICES") < both.index("from unsloth")
    for alone in (made(new), made(new, new)):
        assert "CUDA_VISIBLE_DEVICES" not in alone


@pytest.mark.parametrize(
    "name",
    [
        '"""\nevil()\n"""',
        '\\"""; evil() #',
        "x\\",
        '"""+evil()+"""',
        "\r\nevil()\x00\u2028evil()",
        '""',
        "\\N{BULLET",
    ],
)
@pytest.mark.parametrize("profile", ["torch28-2025.11", "practice-cpu"])
def test_no_name_of_a_card_or_model_becomes_code(
    knowledge: Knowledge, name: str, profile: str
) -> None:
    """A card's name comes from a machine file that somebody sent; the script is there to be run."""
    facts = MachineFacts(
        os=Os(family="windows"),
        gpus=(
            Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 3090" + name, memory_total=24 * 2**30),
        ),
    )
    sound = ast.dump(
        ast.parse(
            starter_script.render_script(
                knowledge.profile(profile), machine(24), knowledge.guide, read, model="a/b"
            )
        )
    )
    for model in ("a/b", "a/b" + name):
        tree = ast.parse(
            starter_script.render_script(
                knowledge.profile(profile), facts, knowledge.guide, read, model=model
            )
        )
        docstring = ast.get_docstring(tree, clean=False) or ""
        if profile != "practice-cpu":
            assert "RTX 3090" + name in docstring
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "evil"]
        assert len(ast.dump(tree)) - len(sound) < 12 * len(name) + 60
