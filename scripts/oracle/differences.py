"""Every difference between Label Studio's answers and ours that is known and meant. What is not named here is an error,
and so is a difference named here that is no longer there."""

from fnmatch import fnmatchcase
from typing import NamedTuple


class Difference(NamedTuple):
    """Where (patterns of a call and of a field in its answer), and why."""

    call: str
    field: str
    why: str

    def covers(self, call: str, field: str) -> bool:
        """Whether it is this one. Brackets mean themselves."""
        return fnmatchcase(call, self.call) and fnmatchcase(field, self.field.replace("[", "[[]"))


NOT_THERE = (
    Difference("GET /api/version", ".*", "commits and dates of Label Studio's own parts"),
    Difference("*/whoami", ".custom_hotkeys", "keys are set on the page of one's preferences"),
    Difference("*/whoami", ".permissions", "its permissions are not ours; what is refused says so"),
    Difference("* /api/projects*", "*.state", "of its paid edition; null here"),
    Difference("* /api/projects*", "*.config_suitable_for_bulk_annotation", "for its own table of tasks"),
    Difference("GET /api/tasks*", "*.annotations_results", "text for its own table; `annotations` hold the same"),
    Difference("GET /api/tasks*", "*.predictions_results", "text for its own table; `predictions` hold the same"),
    Difference("GET /api/tasks*", "*.draft_exists", "drafts are their author's alone"),
    Difference("GET /api/tasks*", "*.updated_by[].user_id", "an item does not change once it is in"),
    Difference("*/next", ".updated_by[].user_id", "an item does not change once it is in"),
    Difference("*/next", ".total_annotations", "who answers is not told what others did"),
    Difference("*/next", ".unique_lock_id", "the lease is the person's own; its id is not needed to answer"),
    Difference("*/next", ".predictions[].*", "what its table shows of a model; result, score and version are there"),
    Difference("POST /api/tasks/N/annotations", ".project", "would cost the hottest call a query; the task tells"),
    Difference("* /api/*annotations*", "*.created_ago", "a duration in English words, which the moment tells"),
    Difference("GET /api/tasks", "*.annotations[].created_ago", "a duration in English words, which the moment tells"),
)
"""Fields that Label Studio's answers have and ours have not."""

OTHERWISE = (
    Difference("*/whoami", "*", "whoever it is, they are called otherwise here"),
    Difference("* /api/projects*", "*.expert_instruction", "a project always has a guide"),
    Difference("* /api/projects*", "*.enable_empty_annotation", "the task type decides whether an empty answer counts"),
    Difference("* /api/projects*", "*.is_published", "there is no hidden state"),
    Difference("* /api/projects*", "*.created_by.email", "people appear as numbers"),
    Difference("* /api/projects*", "*.task_number", "0 from the start, not null"),
    Difference("* /api/projects*", "*_number", "0 from the start, not null"),
    Difference("* /api/projects*", "*.num_tasks_with_annotations", "0 from the start, not null"),
    Difference("*/validate", ".config_essential_data_has_changed", "told, not null"),
    Difference("*", "*result[].id", "a proposal is kept in its canonical form; regions of annotations keep their ids"),
    Difference("*", "*.created_ago", "left empty: the moment tells"),
    Difference("GET /api/tasks*", "*.predictions[]*", "the decision is a prediction too, by leye-consensus"),
    Difference("GET /api/tasks*", "*total_predictions", "the decision is counted"),
    Difference("GET /api/tasks*", "*.predictions_score", "the decision is counted"),
    Difference("GET /api/tasks*", "*.predictions_model_versions", "the decision is named"),
    Difference("GET /api/tasks", "*.annotations[].ground_truth", "an imported answer is gold only where it says so"),
    Difference("*annotations*", "*created_username", "people appear as numbers"),
    Difference("GET /api/tasks", "*created_username", "people appear as numbers"),
    Difference("*", "*lead_time", "pay rests on it: no longer than the lease has run; 0 where untold"),
    Difference("*/next", ".queue", "lanes have no names outside"),
    Difference("*/export/formats", "*", "compared by themselves"),
)
"""Fields whose values differ."""

OF_THEIR_OWN = ("*.id", "*ids*", "*_at", "*.duration", "*.task", "*.project", "*annotators[]", "*ed_by")
"""Numbers and moments: they differ from one run to the next as well. The ids of regions are the client's."""


def of_their_own(field: str) -> bool:
    """Whether a field is expected to differ between any two servers."""
    return not field.endswith("result[].id") and any(fnmatchcase(field, own) for own in OF_THEIR_OWN)


FORMATS_OF_THEIRS = {
    "BRUSH_TO_COCO": "there is no task type with brushes",
    "BRUSH_TO_NUMPY": "there is no task type with brushes",
    "BRUSH_TO_PNG": "there is no task type with brushes",
    "DOCLANG": "there is no task type for pages of documents",
}
FORMATS_OF_OURS = {
    "JSONL": "for programs that read line by line",
    "PARQUET": "typed columns",
}
"""`exportType`s that only one of the two has."""

THEIR_COLUMNS = {"annotator", "created_at", "updated_at", "lead_time"}
"""Of the short JSON and the tables. Whose answer, and when: a delivery names nobody."""

IDS = {"id", "annotation_id"}

LOST_COLUMNS = {"shop", "tags", "more"}
"""Of the tables: fields that the label config does not name stay out, and the report of the export counts them."""

NEUTRAL_CELLS = {"=1+1; a\tb": "'=1+1; a\tb"}
"""What a spreadsheet program would take for a formula begins with an apostrophe, and the report counts it."""

EXPORTED_OTHERWISE = {
    "[].predictions": "theirs are ids; ours is the decision, whole",
    "[].total_predictions": "the decision is counted",
    "[].updated_by": "an item does not change once it is in",
    "[].annotations[].ground_truth": "an imported answer is gold only where it says so",
    "[].annotations[].lead_time": "what is told counts no longer than the lease has run; 0 where untold",
    "[].annotations[].unique_id": "ids are integers outside",
    "[].annotations[].result_count": "theirs is 0 where the answer was imported",
    "[].annotations[].updated_by": "theirs is null where the answer was imported",
    "[].annotations[].prediction": "which prediction an answer began from is kept with the claim",
}
"""Fields of the JSON export."""
