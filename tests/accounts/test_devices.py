"""Devices are told apart by two words, and nothing else of what a browser says is kept."""

import pytest

from leye_platform.accounts.devices import UNKNOWN, device_of, device_words

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (WINDOWS, ["Windows 电脑", "Chrome"]),
        (f"{WINDOWS} Edg/131.0.0.0", ["Windows 电脑", "Edge"]),
        ("Mozilla/5.0 (Linux; Android 14; 23013RK75C) Chrome/116.0 Mobile Safari/537.36", ["安卓手机", "Chrome"]),
        ("Mozilla/5.0 (Linux; Android 12) Chrome/107.0 XWEB/5279 MicroMessenger/8.0.49", ["安卓手机", "微信"]),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", ["苹果手机", "Safari"]),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0",
            ["苹果电脑", "Firefox"],
        ),
        ("python-httpx/0.28", []),
        ("", []),
    ],
)
def test_a_browser_is_told_by_system_and_name(said: str, words: list[str]) -> None:
    assert device_words(device_of(said), str) == words


def test_a_code_fits_its_column_and_one_unknown_says_nothing() -> None:
    assert len(device_of(f"Chromebook CrOS Windows HuaweiBrowser {'x' * 5000}")) <= 40
    assert device_words("amiga netscape", str) == []
    assert device_of("curl/8.5") == UNKNOWN
