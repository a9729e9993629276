"""The manifest that NVIDIA NeMo reads for speech recognition: a JSON object a line, a recording each."""

from collections.abc import Iterator

import orjson

from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows

KIND = "textarea"


def write_asr_manifest(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """`audio_filepath`, `duration` in seconds where it is known, `text`; a recording without a text is left out."""
    variables = {shown.name: shown.variable for shown in rows.kind.config.objects}
    for row in rows:
        said = [region for region in row.result if region["type"] == KIND]
        if len(said) < len(row.result):
            losses.note(Loss.OTHER_REGION, row.number, len(row.result) - len(said))
        if not said:
            continue
        if len(texts := _texts(said)) > 1:
            losses.note(Loss.SEVERAL_TEXTS, row.number)
        recording = row.data.get(variables.get(said[0]["to_name"], ""))
        length = said[0].get("original_length")
        told = {
            "audio_filepath": recording.get("file") if isinstance(recording, dict) else recording,
            **({} if length is None else {"duration": length}),
            "text": " ".join(texts),
            **_about(row),
        }
        yield orjson.dumps(told) + b"\n"


def _texts(said: list[dict[str, object]]) -> list[str]:
    found: list[str] = []
    for region in said:
        text = region["value"]["text"]  # type: ignore[index]  # a region's value is an object
        found += text if isinstance(text, list) else [text]
    return found


def _about(row: ExportRow) -> dict[str, object]:
    return {
        "item_id": row.item_id,
        "external_id": row.external_id,
        "confidence": round(row.confidence, 6),
        "guide_version": row.guide_version,
        "lot": row.lot,
    }
