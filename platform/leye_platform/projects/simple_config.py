"""A label config for text classification, written from a question and a plain list of labels. Pure."""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

VARIABLE = "text"
"""The column of a batch file that holds the text, unless the project says otherwise."""


@dataclass(frozen=True)
class SimpleConfig:
    """What the form asks for. `labels`: a label a line, with `label | hint` where it needs a word more."""

    question: str
    labels: str
    multiple: bool
    variable: str = VARIABLE

    def written(self) -> str:
        """As a Label Studio config; the parser decides whether it can be used."""
        kind = "multiple" if self.multiple else "single"
        lines = [f'<Text name="text" value={_quoted("$" + (self.variable.strip() or VARIABLE))}/>']
        if self.question.strip():
            lines.append(f"<Header value={_quoted(self.question)}/>")
        lines.append(f'<Choices name="label" toName="text" choice="{kind}">')
        lines += [f"  <Choice {_choice(line)}/>" for line in self.labels.splitlines() if line.strip()]
        lines.append("</Choices>")
        body = "\n".join(f"  {line}" for line in lines)
        return f"<View>\n{body}\n</View>"


def _choice(line: str) -> str:
    label, bar, hint = line.replace("｜", "|").partition("|")
    value = f"value={_quoted(label)}"
    return f"{value} hint={_quoted(hint)}" if bar and hint.strip() else value


def _quoted(text: str) -> str:
    """As an attribute's value; signs that XML cannot carry are left out."""
    return quoteattr("".join(sign for sign in text.strip() if sign.isprintable()))
