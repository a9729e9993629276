"""Label Studio's label configs, read by a parser of our own that refuses what it cannot vouch for.

Document types and entities are refused before any XML is parsed, sizes are capped, unknown tags are named. All
problems of a config are collected, so that its author can mend them at once.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from leye_task_templates.problems import LabelConfigRefused, Problem, ProblemCode, problem, readable

__all__ = [
    "Choice",
    "ChoicesControl",
    "ImageObject",
    "LabelConfig",
    "LabelConfigRefused",
    "LabelsControl",
    "Problem",
    "ProblemCode",
    "TextObject",
    "parse_label_config",
]

LARGEST_CONFIG = 256 * 1024  # bytes
MOST_LABELS = 1000
STANDS_IN = {
    "View": ("View",),
    "Header": ("View",),
    "Text": ("View",),
    "Image": ("View",),
    "Choices": ("View",),
    "Choice": ("Choices",),
    "Labels": ("View",),
    "RectangleLabels": ("View",),
    "Label": ("Labels", "RectangleLabels"),
}
"""The known tags, each with the tags that it may stand in. View is also the root."""

POINTS_AT = {"Choices": "Text/Image", "Labels": "Text", "RectangleLabels": "Image"}
"""What kind of object a control's toName may name."""

_DECLARATION = re.compile(r"\A\ufeff?\s*(<\?xml[^>]*\?>)?")
_VARIABLE = re.compile(r"\$[^\W\d]\w*")


@dataclass(frozen=True)
class TextObject:
    """A text that the annotator reads; `variable` names the field of the row, `heading` is the Header above it."""

    name: str
    variable: str
    heading: str


@dataclass(frozen=True)
class ImageObject:
    """A picture that the annotator looks at; `variable` and `heading` as of a text."""

    name: str
    variable: str
    heading: str


@dataclass(frozen=True)
class Choice:
    """One class. `value` is what the partner gets (the alias, where there is one), `label` what the annotator reads."""

    value: str
    label: str
    hint: str


@dataclass(frozen=True)
class ChoicesControl:
    """A choice group about one object. `question` is the last Header before it, where there is one.

    An answer is `required` unless the config says `required="false"` (Label Studio lets it be empty by default).
    """

    name: str
    to_name: str
    multiple: bool
    required: bool
    question: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class LabelsControl:
    """Labels for parts of an object: `tag` says which parts (Labels: spans; RectangleLabels: boxes)."""

    tag: str
    name: str
    to_name: str
    question: str
    labels: tuple[Choice, ...]


@dataclass(frozen=True)
class LabelConfig:
    """A config that passed every check."""

    objects: tuple[TextObject | ImageObject, ...]
    controls: tuple[ChoicesControl, ...]
    headers: tuple[str, ...]
    labellings: tuple[LabelsControl, ...] = ()

    @cached_property
    def texts(self) -> tuple[TextObject, ...]:
        """The texts shown, in their order."""
        return tuple(shown for shown in self.objects if isinstance(shown, TextObject))

    @cached_property
    def images(self) -> tuple[ImageObject, ...]:
        """The pictures shown, in their order."""
        return tuple(shown for shown in self.objects if isinstance(shown, ImageObject))

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The fields that each row must have, in the order shown."""
        return tuple(dict.fromkeys(shown.variable for shown in self.objects))


def parse_label_config(source: str) -> LabelConfig:
    """Read a config.

    Raises LabelConfigRefused with every problem found.
    """
    reading = _Reading()
    reading.read(_parse(source))
    if reading.problems:
        raise LabelConfigRefused(reading.problems)
    return LabelConfig(
        tuple(reading.objects), tuple(reading.controls), tuple(reading.headers), tuple(reading.labellings)
    )


def _parse(source: str) -> Element:
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:  # half a surrogate pair, as JSON can carry it
        before = source[: error.start]
        raise _refused(
            ProblemCode.NOT_XML, line=before.count("\n") + 1, column=error.start - before.rfind("\n")
        ) from None
    if size > LARGEST_CONFIG:
        raise _refused(ProblemCode.TOO_LARGE)
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", source, re.IGNORECASE):
        raise _refused(ProblemCode.DOCTYPE)
    # A declared encoding would contradict the text that we already hold. Blanks keep positions true.
    body = _DECLARATION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise _refused(ProblemCode.DOCTYPE) from None
    except ParseError as error:
        line, column = error.position
        raise _refused(ProblemCode.NOT_XML, line=line, column=column + 1) from None
    if root.tag != "View":
        raise _refused(ProblemCode.ROOT, tag=readable(root.tag))
    return root


def _refused(code: ProblemCode, **arguments: Any) -> LabelConfigRefused:
    return LabelConfigRefused([problem(code, **arguments)])


class _Reading:
    """Walks the tree once and notes what it finds and what is wrong."""

    def __init__(self) -> None:
        self.objects: list[TextObject | ImageObject] = []
        self.controls: list[ChoicesControl] = []
        self.labellings: list[LabelsControl] = []
        self.headers: list[str] = []
        self._names: set[str] = set()
        self._pending = ""
        """A Header that nothing has followed yet."""
        self._found: dict[str, Problem] = {}

    @property
    def problems(self) -> list[Problem]:
        return list(self._found.values())

    def read(self, root: Element) -> None:
        readers = {
            "Text": self._shown,
            "Image": self._shown,
            "Choices": self._choices,
            "Labels": self._labels,
            "RectangleLabels": self._labels,
            "Header": self._header,
        }
        for element, outer in _walk(root):
            tag = str(element.tag)
            if tag not in STANDS_IN:
                self._refuse(ProblemCode.UNKNOWN_TAG, tag=readable(tag), allowed=", ".join(STANDS_IN))
                continue
            # Below an unknown tag the reading goes on, so that the other problems are told too.
            if outer in STANDS_IN and outer not in STANDS_IN[tag]:
                self._refuse(ProblemCode.MISPLACED, tag=tag, wanted="/".join(STANDS_IN[tag]), outer=outer)
            if reader := readers.get(tag):
                reader(element)
        self._check_whole()

    def _refuse(self, code: ProblemCode, **arguments: Any) -> None:
        """Note a problem, once: a config may repeat a mistake thousands of times."""
        found = problem(code, **arguments)
        self._found.setdefault(str(found), found)

    def _attribute(self, element: Element, attribute: str) -> str:
        value = element.get(attribute, "").strip()
        if not value:
            self._refuse(ProblemCode.MISSING, tag=element.tag, attribute=attribute)
        return value

    def _name(self, element: Element) -> str:
        name = self._attribute(element, "name")
        if name and name in self._names:
            self._refuse(ProblemCode.DUPLICATE_NAME, name=readable(name))
        self._names.add(name)
        return name

    def _header(self, element: Element) -> None:
        value = self._attribute(element, "value")
        self._refuse_variable("Header", value)
        self.headers.append(value)
        self._pending = f"{self._pending} {value}".strip()

    def _shown(self, element: Element) -> None:
        name, value = self._name(element), self._attribute(element, "value")
        if value and not _VARIABLE.fullmatch(value):
            self._refuse(ProblemCode.NOT_VARIABLE, tag=element.tag, value=readable(value))
        kind = TextObject if element.tag == "Text" else ImageObject
        self.objects.append(kind(name, value.removeprefix("$"), self._pending))
        self._pending = ""

    def _question(self) -> str:
        """The last Header: the one right before, or else the one above the text, which it then leaves."""
        question, self._pending = self._pending, ""
        if not question and self.objects:
            question = self.objects[-1].heading
            self.objects[-1] = replace(self.objects[-1], heading="")
        return question

    def _choices(self, element: Element) -> None:
        name, to_name = self._name(element), self._attribute(element, "toName")
        kind = element.get("choice", "single")
        if kind not in {"single", "single-radio", "multiple"}:
            self._refuse(ProblemCode.CHOICE_KIND, value=readable(kind))
        self._refuse_variable("Choices", element.get("value", "").strip())
        choices = [self._choice(child) for child in element if child.tag == "Choice"]
        if len(choices) < 2:
            self._refuse(ProblemCode.NO_CHOICES, name=readable(name))
        self._refuse_twice(name, choices)
        required = element.get("required", "true").strip().lower() != "false"
        self.controls.append(
            ChoicesControl(name, to_name, kind == "multiple", required, self._question(), tuple(choices))
        )

    def _labels(self, element: Element) -> None:
        name, to_name = self._name(element), self._attribute(element, "toName")
        self._refuse_variable(str(element.tag), element.get("value", "").strip())
        labels = [self._choice(child) for child in element if child.tag == "Label"]
        if not labels:
            self._refuse(ProblemCode.NO_LABELS, name=readable(name))
        self._refuse_twice(name, labels)
        self.labellings.append(LabelsControl(str(element.tag), name, to_name, self._question(), tuple(labels)))

    def _refuse_twice(self, name: str, choices: list[Choice]) -> None:
        for written in ([choice.value for choice in choices], [choice.label for choice in choices]):
            for value, times in Counter(written).items():
                if value and times > 1:
                    self._refuse(ProblemCode.DUPLICATE_CHOICE, name=readable(name), value=readable(value))

    def _choice(self, element: Element) -> Choice:
        label = self._attribute(element, "value")
        return Choice(element.get("alias", "").strip() or label, label, element.get("hint", "").strip())

    def _refuse_variable(self, tag: str, value: str) -> None:
        if _VARIABLE.fullmatch(value):
            self._refuse(ProblemCode.VARIABLE_HERE, tag=tag, value=readable(value))

    def _check_whole(self) -> None:
        if not self.objects:
            self._refuse(ProblemCode.NO_OBJECT)
        if not self.controls and not self.labellings:
            self._refuse(ProblemCode.NO_CONTROL)
        known = {
            "Choices": {shown.name for shown in self.objects},
            "Labels": {shown.name for shown in self.objects if isinstance(shown, TextObject)},
            "RectangleLabels": {shown.name for shown in self.objects if isinstance(shown, ImageObject)},
        }
        pointing = [("Choices", control.to_name) for control in self.controls]
        pointing += [(control.tag, control.to_name) for control in self.labellings]
        for tag, to_name in pointing:
            if to_name and to_name not in known[tag]:
                self._refuse(ProblemCode.POINTS_NOWHERE, tag=tag, name=readable(to_name), wanted=POINTS_AT[tag])
        count = sum(len(control.choices) for control in self.controls)
        count += sum(len(control.labels) for control in self.labellings)
        if count > MOST_LABELS:
            self._refuse(ProblemCode.TOO_MANY_LABELS, count=count)


def _walk(root: Element) -> Iterator[tuple[Element, str]]:
    """Every element in document order, with the tag that it stands in; without recursion, which depth would break."""
    waiting = [(root, "")]
    while waiting:
        element, outer = waiting.pop()
        yield element, outer
        waiting.extend((child, str(element.tag)) for child in reversed(list(element)))
