"""What is deduced from a log: which package raised, which versions stand against each other."""

from __future__ import annotations

import pytest

from app.decide.diagnosis.deduced import deductions

FRAMES = r"""traceback (most recent call last):
  file "d:\kim\train.py", line 8, in <module>
  file "d:\kim\env\lib\site-packages\peft\tuners\layer.py", line 71, in update
  file "d:\kim\env\lib\site-packages\transformers\utils\deprecation.py", line 20, in wrapped
  file "d:\kim\env\lib\site-packages\torch\nn\modules\module.py", line 1500, in _call
"""


def test_package_that_raised() -> None:
    assert deductions(FRAMES + "valueerror: no such layer\n") == "\nraised-in-peft"
    assert deductions(FRAMES) == "\nraised-in-peft"  # cut before the message
    assert (
        deductions(
            "file /kim/env/lib/python3.12/site-packages/trl/trainer/utils.py:9\ntypeerror: no"
        )
        == "\nraised-in-trl"
    )
    assert (
        deductions(r"c:\env\lib\site-packages\peft\config.py:166: userwarning: unexpected keyword")
        == ""
    )
    inner = FRAMES.replace(r"peft\tuners\layer.py", r"torch\_inductor\codecache.py")
    assert deductions(inner + "runtimeerror: x\n") == "\nraised-in-torch._inductor"


@pytest.mark.parametrize(
    ("log", "word"),
    [
        (
            "no solution found: python 3.14\nbecause torch==2.5 has no wheels with a matching "
            "python abi tag",
            "python-outside",
        ),
        ("requirement torch==2.6.0 (from versions: 2.7.0, 2.7.1)", "torch-asked-older"),
        ("requirement torch==2.9.0 (from versions: 2.7.0, 2.7.1)", "torch-asked-newer"),
        ("requirement torch==2.7.0+cu128 (from versions: 2.7.0, 2.7.1)", "torch-build-absent"),
        ("requirement torch==2.7.5 (from versions: 2.7.0, 2.7.1, 2.8.0)", "torch-release-absent"),
        (
            "https://download.pytorch.org/whl/cu130\nrequirement torch==2.5.0 (from versions: none)",
            "torch-pair-unpublished",
        ),
    ],
)
def test_what_was_asked(log: str, word: str) -> None:
    assert word in deductions(log).split("\n")
    assert deductions("requirement kim==2.6.0 (from versions: none)") == ""
