"""Somebody new who has only a keyboard: goes by the words on the page, and every key is counted.

Nothing is found by selectors: where the focus is, is read as a screen reader reads it, by role and accessible name.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import FilePayload, Page

from support.browse import Browse

SKIP_LINK = "跳到正文"
MOST_KEYS = 40
"""From where one stands to what one wants, in keys; more is a page that is too long for the keyboard."""
MOST_OPTIONS = 12
NAMED = re.compile(r"- '?([a-z]+)(?: \"(.*?)\")?(?: \[[^\]]*\])*'?(?:: (.*))?")
"""A line of Playwright's picture of the accessibility tree: role, name, states, and text where there is no name."""
LEGEND = "() => document.activeElement.closest('fieldset')?.querySelector('legend')?.innerText ?? ''"


@dataclass
class Keyboard:
    """One person at one page. `errands` holds the keys of each errand, letters that were typed aside."""

    page: Page
    base_url: str
    keys: int = 0
    errands: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Asked for early: switched on at the moment of the key, the browser may open its own dialog first.
        self.page.on("filechooser", lambda _chooser: None)

    @contextmanager
    def errand(self, name: str) -> Iterator[None]:
        """Counts what is pressed until the block ends."""
        before = self.keys
        yield
        self.errands[name] = self.keys - before

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def focused(self) -> tuple[str, str]:
        """Role and accessible name of what has the focus; two empty words where nothing has."""
        focused = self.page.locator(":focus")
        if not focused.count():  # also within a date's field, on the button of its calendar
            return "", ""
        first = focused.aria_snapshot().split("\n", 1)[0]
        found = NAMED.match(first)
        return (found[1], found[2] or found[3] or "") if found else ("", first)

    def tab_to(self, words: str, role: str = "") -> None:
        """Tab until something of this name has the focus; past the navigation by the skip link."""
        passed = []
        for _ in range(MOST_KEYS):
            self.press("Tab")
            now, name = self.focused()
            if words in name and role in now:
                return
            passed.append(name)
            if name == SKIP_LINK:
                self.press("Enter")
        raise AssertionError(f"{words!r} is not reached by {MOST_KEYS} keys on {self.page.url}, only {passed}")

    def menu(self, words: str) -> None:
        """Follow a link of the header, which stands before the main part."""
        self.press("Tab")
        for _ in range(MOST_OPTIONS):
            self.press("Tab")
            if words in self.focused()[1]:
                return self.enter()
        raise AssertionError(f"the header of {self.page.url} has no {words!r}")

    def enter(self) -> None:
        """Press what has the focus, and come to the page that follows, which must hold as every page must."""
        with self.page.expect_navigation():
            self.press("Enter")
        self.page.wait_for_load_state()
        self.check()

    def follow(self, words: str) -> None:
        """Go to a link or button by its words, and press it."""
        self.tab_to(words)
        self.enter()

    def check(self) -> None:
        """The page as it stands passes every check."""
        Browse(self.page, self.base_url).check()

    def write(self, label: str, text: str) -> None:
        """Type into the field of this label, in place of what it held."""
        self.tab_to(label, "textbox")
        self.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def choose(self, legend: str, words: str) -> None:
        """Choose a radio of the group with this legend by arrows, as the browser has it."""
        for _ in range(MOST_KEYS):
            self.press("Tab")
            if self.focused()[0] == "radio" and legend in self.page.evaluate(LEGEND):
                break
            if self.focused()[1] == SKIP_LINK:
                self.press("Enter")
        for _ in range(MOST_OPTIONS):
            if words in self.focused()[1]:
                self.press("Space")
                return
            self.press("ArrowDown")
        raise AssertionError(f"{legend!r} offers no {words!r} on {self.page.url}")

    def hand_in(self, label: str, name: str, content: bytes, media_type: str) -> None:
        """Open the file field's own dialog by Enter and take a file there."""
        self.tab_to(label)
        with self.page.expect_file_chooser() as chooser:
            self.press("Enter")
        payload: FilePayload = {"name": name, "mimeType": media_type, "buffer": content}
        chooser.value.set_files(payload)

    def sign_in(self, name: str, password: str) -> None:
        """From the site's front door, by e-mail and password."""
        self.page.goto(self.base_url + "/")
        self.write("邮箱", name)
        self.write("密码", password)
        self.follow("登录")

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def reads(self, *sentences: str) -> None:
        """Whether the page says this, as somebody who looks at it reads it."""
        shown = re.sub(r"\s+", " ", self.page.locator("body").inner_text()).replace("\u00a0", " ")
        for sentence in sentences:
            assert sentence in shown, f"{self.page.url} does not say {sentence!r} but {shown}"

    def waits_for(self, sentence: str) -> None:
        self.page.get_by_text(sentence).first.wait_for()

    def attribute(self, name: str) -> Any:
        """What the main part says of itself, to wait by; nobody reads it."""
        return self.page.locator("main").get_attribute(name)
