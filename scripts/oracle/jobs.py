"""What the partner sends to both servers: label configs, tasks, and how each task is answered. Plain values only: the
oracle's own Python reads this file too."""

from typing import Any

Result = list[dict[str, Any]]

CLASSES = """<View>
  <Text name="text" value="$text"/>
  <Choices name="mood" toName="text" choice="single">
    <Choice value="好"/><Choice value="坏"/><Choice value="so-so"/>
  </Choices>
</View>"""
TOPICS = """<View>
  <Text name="text" value="$text"/>
  <Choices name="topic" toName="text" choice="multiple">
    <Choice value="price"/><Choice value="taste"/><Choice value="service"/>
  </Choices>
</View>"""
WORDS = """<View>
  <Labels name="label" toName="text"><Label value="Person"/><Label value="Place"/></Labels>
  <Text name="text" value="$text"/>
</View>"""
LINE = "John Smith lives in New York . He likes Paris and Rome ."


def chosen(control: str, *values: str) -> Result:
    """A result that chooses."""
    value = {"choices": list(values)}
    return [{"id": "c1", "from_name": control, "to_name": "text", "type": "choices", "value": value}]


def spans(text: str, *marked: tuple[str, str]) -> Result:
    """A result that marks words, each given as (words, label)."""
    return [
        {
            "id": f"s{place}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {
                "start": text.index(words),
                "end": text.index(words) + len(words),
                "text": words,
                "labels": [label],
            },
        }
        for place, (words, label) in enumerate(marked)
    ]


Job = tuple[str, list[tuple[dict[str, Any], Result]]]
"""A label config, and tasks with the answer that each gets."""

JOBS: dict[str, Job] = {
    "classes": (
        CLASSES,
        [
            ({"text": '味道\n好，"真"好'}, chosen("mood", "好")),
            ({"text": "等了五天"}, chosen("mood", "坏")),
            ({"text": "=1+1; a\tb", "shop": 7, "tags": ["a", "b"], "more": {"deep": None}}, chosen("mood", "so-so")),
        ],
    ),
    "topics": (
        TOPICS,
        [
            ({"text": "cheap and good"}, chosen("topic", "price", "taste")),
            ({"text": "slow"}, chosen("topic", "service")),
            ({"text": "dear"}, chosen("topic", "price")),
        ],
    ),
    "words": (
        WORDS,
        [
            ({"text": LINE}, spans(LINE, ("John Smith", "Person"), ("New York", "Place"))),
            ({"text": "Rome"}, spans("Rome", ("Rome", "Place"))),
            ({"text": "nothing here"}, []),
        ],
    ),
}
"""The first task of each comes with its annotation, the second with a prediction; both others are answered."""
MODEL = "tagger-3"

HASTY: dict[str, Result] = {"classes": chosen("mood", "so-so"), "topics": chosen("topic", "service"), "words": []}
"""What is answered at first, and put right a moment later."""
