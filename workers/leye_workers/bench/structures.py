"""Spans, boxes and transcripts: against plain rules on simulated crowds, and on recorded answers."""

from collections.abc import Mapping
from pathlib import Path

from leye_quality.answer_files import read_answers, read_truth
from leye_quality.box_skills import fit_boxes
from leye_quality.structure_files import by_fitted_spans
from leye_quality.structure_scores import score_spans
from leye_quality.texts import edits, fit_texts, tokens
from leye_workers.bench.box_crowds import best_plain_rule, box_crowd, box_f1
from leye_workers.bench.crowd_kit import crowd_kit_texts, is_installed
from leye_workers.bench.crowds import transcribers
from leye_workers.bench.figures import Extent, Rows, figure, mean

BOX_CROWDS = {"mixed, 3 people": (3, False), "mixed, 5 people": (5, False), "crowded, 5 people": (5, True)}


def structures(spans: Path | None, extent: Extent) -> Rows:
    """Spans, boxes and texts."""
    if spans:
        labels = by_fitted_spans(read_answers(spans / "answers.csv"))
        exact = score_spans(labels, read_truth(spans / "truth.csv"))["f1"]
        yield "conll_ner: exact F1 of spans", figure(exact, must=0.80, aim=0.82)
    for name, (people, crowded) in BOX_CROWDS.items():
        ours, theirs = [], []
        for seed in range(extent.seeds):
            truths, drawn = box_crowd(seed, extent.pictures, people, crowded=crowded)
            ours.append(box_f1({n: one.boxes for n, one in fit_boxes(drawn).combined.items()}, truths))
            theirs.append(best_plain_rule(truths, drawn))
        best = mean(theirs)
        yield f"boxes, {name}: F1@0.75", figure(mean(ours), must=best, aim=best + 0.02)
    texts, heard = transcribers(1, extent.texts)
    ours_wrong = _word_errors({n: one.text for n, one in fit_texts(heard).combined.items()}, texts)
    name = "simulated transcripts of 7: word errors, per cent"
    if is_installed():
        rover = _word_errors(crowd_kit_texts(heard), texts)
        limits = {"must": rover * 10.8 / 11.55, "aim": rover * 10.0 / 11.55}
        yield name, figure(ours_wrong, **limits, at_most=True, beside={"crowd-kit's ROVER": round(rover, 2)})
    else:
        yield name, figure(ours_wrong)


def _word_errors(found: Mapping[int, str], truths: Mapping[int, str]) -> float:
    wrong = sum(edits(tokens(found.get(n, "")), tokens(true)) for n, true in truths.items())
    return 100 * wrong / sum(len(tokens(true)) for true in truths.values())
