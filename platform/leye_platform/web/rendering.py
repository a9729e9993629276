"""The Jinja2 environment: autoescaped, strict about missing values, with our filters."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.loaders import ChoiceLoader
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from leye_platform.web import formats
from leye_platform.web.static_files import TASK_TYPES, asset_address
from leye_platform.web.typography import joined

TEMPLATES = Path(__file__).parent / "templates"
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@cache
def environment() -> Environment:
    """Templates of the site, and each task type's form under `task_type/<name>/form.html`."""
    env = Environment(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATES), PrefixLoader({"task_type": FileSystemLoader(TASK_TYPES)})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.globals["asset_address"] = asset_address
    env.filters |= {
        "yuan": formats.yuan_from_micros,
        "fen": formats.yuan_from_minor,
        "rate": formats.rate,
        "exact": formats.exact,
        "count": formats.count,
        "percent": formats.percent,
        "joined": joined,
        "markdown": markdown,
    }
    return env


def markdown(source: str, top: int = 2, in_place_of: Callable[[str], Markup | None] | None = None) -> Markup:
    """Markdown as HTML; HTML inside it is shown as text, never run, and nothing is fetched from elsewhere.

    top: the level of its highest heading, so that it takes its place in the page's outline below the h1.
    The levels below follow without a gap. in_place_of: what stands for a paragraph instead; None leaves it.
    """
    tokens = _markdown.parse(source)
    if in_place_of is not None:
        _replace_paragraphs(tokens, in_place_of)
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    ranks = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(6, top + ranks.index(token.tag))}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Markup(html)  # noqa: S704 -- the renderer escapes HTML (html=False)


def _replace_paragraphs(tokens: list[Token], in_place_of: Callable[[str], Markup | None]) -> None:
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        instead = in_place_of(inline.content) if opening.type == "paragraph_open" else None
        if instead is not None:
            opening.hidden = closing.hidden = True
            inline.type, inline.content, inline.children = "html_block", str(instead), None


def render(template: str, context: dict[str, Any]) -> str:
    """One page's HTML."""
    return environment().get_template(template).render(context)
