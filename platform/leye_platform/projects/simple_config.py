"""A label config written from a question and a plain list of labels, for each kind of work. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import quoteattr


class WorkKind(StrEnum):
    """What annotators do with an item, as the form of a new project asks it."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    ENTITIES = "entities"
    BOXES = "boxes"

    @property
    def usual_variable(self) -> str:
        """The column of a batch file that holds the text, or names the picture, unless the project says otherwise."""
        return "image" if self is WorkKind.BOXES else "text"

    @property
    def fewest_labels(self) -> int:
        """There is nothing to choose with one label; but there is something to mark."""
        return 2 if self in {WorkKind.SINGLE, WorkKind.MULTIPLE} else 1


@dataclass(frozen=True)
class SimpleConfig:
    """What the form asks for. `labels`: a label a line, with `label | hint` where it needs a word more."""

    work: WorkKind
    question: str
    labels: str
    variable: str = ""

    def written(self) -> str:
        """As a Label Studio config; the parser decides whether it can be used."""
        thing, name = ("Image", "image") if self.work is WorkKind.BOXES else ("Text", "text")
        variable = self.variable.strip() or self.work.usual_variable
        lines = [f'<{thing} name="{name}" value={_quoted("$" + variable)}/>']
        if self.question.strip():
            lines.append(f"<Header value={_quoted(self.question)}/>")
        open_tag, close_tag, label_tag = self._tags(name)
        lines.append(open_tag)
        lines += [f"  <{label_tag} {_label(line)}/>" for line in self.labels.splitlines() if line.strip()]
        lines.append(close_tag)
        body = "\n".join(f"  {line}" for line in lines)
        return f"<View>\n{body}\n</View>"

    def _tags(self, name: str) -> tuple[str, str, str]:
        """The control's opening and closing tag, and the tag of one label."""
        if self.work is WorkKind.ENTITIES:
            return f'<Labels name="label" toName="{name}">', "</Labels>", "Label"
        if self.work is WorkKind.BOXES:
            return f'<RectangleLabels name="label" toName="{name}">', "</RectangleLabels>", "Label"
        return f'<Choices name="label" toName="{name}" choice="{self.work.value}">', "</Choices>", "Choice"


def _label(line: str) -> str:
    label, bar, hint = line.replace("｜", "|").partition("|")
    value = f"value={_quoted(label)}"
    return f"{value} hint={_quoted(hint)}" if bar and hint.strip() else value


def _quoted(text: str) -> str:
    """As an attribute's value; signs that XML cannot carry are left out."""
    return quoteattr("".join(sign for sign in text.strip() if sign.isprintable()))
