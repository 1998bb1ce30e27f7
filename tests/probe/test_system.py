"""System facts, variables and the home folder."""

from __future__ import annotations

from typing import Any

import pytest

from app.model.home_layout import HomeLayout
from app.probe.operating_system import home, system, variables, without_secrets

LONG = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\FileSystem"


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ({LONG: {"LongPathsEnabled": 1}}, True),
        ({LONG: {"LongPathsEnabled": 0}}, False),
        ({LONG: {}}, False),
        ({}, None),
    ],
)
def test_long_paths(pc: Any, registry: dict[str, Any], expected: bool | None) -> None:
    assert system(pc(registry=registry), {"name": "Windows 11 Pro"}).long_paths is expected


def test_only_disturbing_variables_and_no_secrets(pc: Any) -> None:
    system = pc(
        variables={
            "PYTHONPATH": "C:\\old",
            "Path": "C:\\Windows",
            "USERNAME": "Jürgen",
            "HF_TOKEN": "hf_abc",
            "PIP_INDEX_URL": "https://me:pw@pip.example/x",
            "https_proxy": "http://me:pw@proxy:3128",
            "UV_PUBLISH_PASSWORD": "pw",
            "CUDA_PATH": "C:\\CUDA",
            "WANDB_API_KEY": "k",
            "UNSLOTH_SETUP_HOME": "D:\\x",
            "AWS_SECRET_ACCESS_KEY": "s",
            "KMP_DUPLICATE_LIB_OK": "TRUE",
        }
    )
    seen = variables(system)
    assert seen == {
        "PYTHONPATH": "C:\\old",
        "HF_TOKEN": "(hidden)",
        "PIP_INDEX_URL": "https://pip.example/x",
        "https_proxy": "http://proxy:3128",
        "UV_PUBLISH_PASSWORD": "(hidden)",
        "CUDA_PATH": "C:\\CUDA",
        "WANDB_API_KEY": "(hidden)",
        "KMP_DUPLICATE_LIB_OK": "TRUE",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://a:b@x/s https://tok@y/s", "https://x/s https://y/s"),
        ("https://a:b@x/s,https://c:d@y/s", "https://x/s,https://y/s"),
        ("http://me:p@ss/w0rd@proxy:1/", "http://proxy:1/"),
        ("me:pw@proxy:3128", "proxy:3128"),
        ("own=https://a:b@x/s", "own=https://x/s"),
        ("https://x/s?access_token=abc&v=1", "https://x/s?access_token=(hidden)&v=1"),
        ("C:\\a@b\\c", "C:\\a@b\\c"),
        ("/opt/a:/opt/b@2", "/opt/a:/opt/b@2"),
        ("https://x/simple", "https://x/simple"),
    ],
)
def test_logins_and_signatures_are_taken_out_and_nothing_else(value: str, shown: str) -> None:
    assert without_secrets("PIP_EXTRA_INDEX_URL", value) == shown


@pytest.mark.parametrize(
    ("path", "variables", "expected"),
    [
        ("C:\\Users\\A\\OneDrive\\x", {"OneDrive": "C:\\Users\\A\\OneDrive"}, True),
        ("D:\\Cloud\\x", {"OneDriveCommercial": "d:\\cloud"}, True),
        ("C:\\Users\\A\\OneDrive - Firma GmbH\\x", {}, True),
        ("C:\\Users\\A\\OneDriveBackup\\x", {"OneDrive": "C:\\Users\\A\\OneDrive"}, False),
        ("C:\\Users\\A\\AppData\\Local\\x", {"OneDrive": "C:\\Users\\A\\OneDrive"}, False),
    ],
)
def test_onedrive(pc: Any, path: str, variables: dict[str, str], expected: bool) -> None:
    assert home(pc(variables=variables), HomeLayout(path, "windows")).on_onedrive is expected


def test_a_folder_that_cannot_be_written_is_said(pc: Any) -> None:
    system = pc()
    system.files.read_only = True
    assert home(system, HomeLayout("C:\\x", "windows")).writable is False


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (None, None, None, None)),
        ({"ACP": "1252"}, (1252, None, None, None)),
        ({"ACP": "65001", "SkuPolicyRequired": 1}, (65001, True, None, None)),
        (
            {"VerifiedAndReputablePolicyState": 1, "EnableControlledFolderAccess": 2},
            (None, None, "on", False),
        ),
        (
            {"VerifiedAndReputablePolicyState": 2, "EnableControlledFolderAccess": 1},
            (None, None, "evaluation", True),
        ),
        ({"ACP": "no number", "SkuPolicyRequired": "1"}, (None, None, None, None)),
    ],
)
def test_what_windows_says_of_its_protection(
    pc: Any, values: dict[str, Any], expected: tuple[object, ...]
) -> None:
    """Where a value is missing or of another kind, nothing is claimed."""
    places = {
        "ACP": r"SYSTEM\CurrentControlSet\Control\Nls\CodePage",
        "SkuPolicyRequired": r"SYSTEM\CurrentControlSet\Control\CI\Policy",
        "VerifiedAndReputablePolicyState": r"SYSTEM\CurrentControlSet\Control\CI\Policy",
        "EnableControlledFolderAccess": r"SOFTWARE\Microsoft\Windows Defender"
        r"\Windows Defender Exploit Guard\Controlled Folder Access",
    }
    keys: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        keys.setdefault("HKLM\\" + places[name], {})[name] = value
    got = system(pc(registry=keys), {"name": "Windows 11 Pro"})
    assert (got.code_page, got.s_mode, got.smart_app_control, got.controlled_folders) == expected


@pytest.mark.parametrize(
    ("policy", "own", "expected"), [(1, 0, True), (0, 1, False), (2, 1, False)]
)
def test_a_policy_on_guarded_folders_goes_before_the_persons_switch(
    pc: Any, policy: int, own: int, expected: bool
) -> None:
    folder = r"Microsoft\Windows Defender\Windows Defender Exploit Guard\Controlled Folder Access"
    keys = {
        f"HKLM\\SOFTWARE\\{above}{folder}": {"EnableControlledFolderAccess": value}
        for above, value in (("Policies\\", policy), ("", own))
    }
    assert system(pc(registry=keys), {"name": "Windows 11"}).controlled_folders is expected
