"""Which device somebody signed in on, in words that tell one's own devices apart.

A browser says of itself much more than that (`User-Agent`, RFC 9110 section 10.1.5); only the two codes are kept.
"""

from collections.abc import Callable

from leye_platform.errors import N_

UNKNOWN = ""
_SYSTEMS = (
    ("iPad", "ipad", N_("苹果平板")),
    ("iPhone", "iphone", N_("苹果手机")),
    ("OpenHarmony", "harmony", N_("鸿蒙手机")),
    ("Android", "android", N_("安卓手机")),
    ("Windows", "windows", N_("Windows 电脑")),
    ("Macintosh", "mac", N_("苹果电脑")),
    ("CrOS", "chromebook", N_("Chromebook 电脑")),
    ("Linux", "linux", N_("Linux 电脑")),
)
"""(what the browser says, its code, its words); the first that fits: Android says Linux too."""
_BROWSERS = (
    ("MicroMessenger", "wechat", N_("微信")),
    ("MQQBrowser", "qq", N_("QQ 浏览器")),
    ("QQBrowser", "qq", N_("QQ 浏览器")),
    ("HuaweiBrowser", "huawei", N_("华为浏览器")),
    ("MiuiBrowser", "xiaomi", N_("小米浏览器")),
    ("Edg", "edge", "Edge"),
    ("Firefox", "firefox", "Firefox"),
    ("FxiOS", "firefox", "Firefox"),
    ("CriOS", "chrome", "Chrome"),
    ("Chrome", "chrome", "Chrome"),
    ("Safari", "safari", "Safari"),
)
_WORDS = {code: words for _, code, words in (*_SYSTEMS, *_BROWSERS)}


def device_of(user_agent: str) -> str:
    """Codes of system and browser, as "windows chrome"; UNKNOWN where it is neither, as of a script."""
    codes = (_code(user_agent, _SYSTEMS), _code(user_agent, _BROWSERS))
    return " ".join(code for code in codes if code)


def device_words(device: str, gettext: Callable[[str], str]) -> list[str]:
    """System and browser as a person calls them; empty for UNKNOWN."""
    return [gettext(_WORDS[code]) for code in device.split() if code in _WORDS]


def _code(user_agent: str, known: tuple[tuple[str, str, str], ...]) -> str:
    return next((code for said, code, _ in known if said in user_agent), "")
