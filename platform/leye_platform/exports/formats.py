"""The formats that partners get, by Label Studio's names (its `exportType`), JSONL and PARQUET beside them."""

from leye_platform.errors import N_, Refused
from leye_platform.exports.asr import write_asr_manifest
from leye_platform.exports.coco import write_coco, write_coco_with_images
from leye_platform.exports.conll import write_conll
from leye_platform.exports.format import Content, Format
from leye_platform.exports.label_studio import write_json, write_json_min, write_jsonl
from leye_platform.exports.losses import Loss
from leye_platform.exports.parquet import write_parquet
from leye_platform.exports.tables import write_csv, write_tsv
from leye_platform.exports.voc import write_voc
from leye_platform.exports.yolo import write_yolo, write_yolo_obb
from leye_task_templates.label_config import LabelConfig


class FormatUnknown(Refused):
    sentence = N_("不认识格式 {name}。可以用的有：{known}。")


_JSON, _ZIP = "application/json", "application/zip"
_BOXES, _SPANS, _SPEECH = (frozenset({held}) for held in (Content.BOXES, Content.SPANS, Content.TRANSCRIPTS))
_NOTHING_BUT_TAGS = (Loss.CONFIDENCE, Loss.GUIDE_VERSION, Loss.NAMES_OF_ITEMS, Loss.TEXT_SPACES)
FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("JSON", N_("Label Studio JSON：最全，一个文件"), "json", _JSON, write_json),
        Format("JSON_MIN", N_("JSON_MIN：每条只留数据和标注"), "json", _JSON, write_json_min),
        Format("JSONL", N_("JSONL：一行一条，适合程序读"), "jsonl", "application/x-ndjson", write_jsonl),
        Format("CSV", N_("CSV：用 Excel、WPS 打开"), "csv", "text/csv; charset=utf-8", write_csv),
        Format("TSV", N_("TSV：用制表符隔开的表格"), "tsv", "text/tab-separated-values; charset=utf-8", write_tsv),
        Format(
            "PARQUET",
            N_("Parquet：列有类型，适合大数据工具"),
            "parquet",
            "application/vnd.apache.parquet",
            write_parquet,
        ),
        Format("COCO", N_("COCO：训练目标检测用"), "json", _JSON, write_coco, _BOXES),
        Format("COCO_WITH_IMAGES", N_("COCO，连同图片"), "zip", _ZIP, write_coco_with_images, _BOXES, pictures=True),
        Format("YOLO", N_("YOLO：每张图一个文本"), "zip", _ZIP, write_yolo, _BOXES, (Loss.ASIDE,)),
        Format("YOLO_WITH_IMAGES", N_("YOLO，连同图片"), "zip", _ZIP, write_yolo, _BOXES, (Loss.ASIDE,), pictures=True),
        Format(
            "YOLO_OBB", N_("YOLO OBB：四角框，转过的框照样留着"), "zip", _ZIP, write_yolo_obb, _BOXES, (Loss.ASIDE,)
        ),
        Format(
            "YOLO_OBB_WITH_IMAGES",
            N_("YOLO OBB，连同图片"),
            "zip",
            _ZIP,
            write_yolo_obb,
            _BOXES,
            (Loss.ASIDE,),
            pictures=True,
        ),
        Format("VOC", N_("Pascal VOC：每张图一个 XML"), "zip", _ZIP, write_voc, _BOXES),
        Format(
            "CONLL2003",
            N_("CoNLL-2003：一行一个词"),
            "conll",
            "text/plain; charset=utf-8",
            write_conll,
            _SPANS,
            _NOTHING_BUT_TAGS,
        ),
        Format(
            "ASR_MANIFEST",
            N_("ASR 清单：训练语音识别用"),
            "jsonl",
            "application/x-ndjson",
            write_asr_manifest,
            _SPEECH,
        ),
    )
}
LOT_FILES = ("JSON", "JSONL", "CSV")
"""What every lot is delivered as. Other formats are written when they are asked for."""


def format_named(name: str) -> Format:
    """A format by its name, in any case.

    Raises FormatUnknown.
    """
    try:
        return FORMATS[name.upper()]
    except KeyError:
        raise FormatUnknown(name=name[:40], known="、".join(FORMATS)) from None


def formats_for(config: LabelConfig) -> list[Format]:
    """The formats that have a place for what a label config asks for."""
    return [form for form in FORMATS.values() if form.fits(config)]
