"""What the pages and the certificate say of keeping and erasing."""

from leye_platform.errors import N_
from leye_platform.retention.rules import ErasureRule, ErasureStep, ObjectKind

RULE_WORDS: dict[ErasureRule, str] = {
    ErasureRule.ASKED: N_("有人要求删除"),
    ErasureRule.RETENTION: N_("保留期满"),
}
STEP_WORDS: dict[ErasureStep, str] = {
    ErasureStep.LISTING: N_("正在登记文件"),
    ErasureStep.OBJECTS: N_("正在删除文件"),
    ErasureStep.CONTENTS: N_("正在删除图片"),
    ErasureStep.ROWS: N_("正在删除条目和答案的内容"),
    ErasureStep.PROOF: N_("正在出证明"),
    ErasureStep.DONE: N_("已经删完"),
}
KIND_WORDS: dict[ObjectKind, str] = {
    ObjectKind.UPLOAD: N_("上传的文件"),
    ObjectKind.LISTING: N_("桶里文件的清单"),
    ObjectKind.LOT: N_("交付批的文件"),
    ObjectKind.EXPORT: N_("导出的文件"),
    ObjectKind.ORIGINAL: N_("原图和它的缩略图"),
    ObjectKind.RENDITION: N_("切块和缩略图"),
}
ROW_WORDS: dict[str, str] = {
    "items": N_("条目的内容"),
    "micro_tasks": N_("任务的内容和机器先标的结果"),
    "answers": N_("答案的内容"),
    "decisions": N_("判定的内容"),
    "reviews": N_("质检的意见"),
    "drafts": N_("草稿"),
    "refused_rows": N_("没有收下的行"),
}
STAY_WORDS: dict[str, str] = {
    "counts": N_("条数、时间和状态：对账和结算要用，里面没有内容。"),
    "people": N_("谁做过、什么时候做的、做了多久：算报酬要用。"),
    "money": N_("单价、交付批、账单和账目：法律要求保存。"),
    "audit": N_("操作记录和这份证明：用来查证。"),
    "guide": N_("项目的标注规范和规范里的图片：属于项目，不属于这一批。"),
    "backups": N_("删除以前做的备份里还有这些数据：按乐业保存备份的期限过期。"),
    "shared": N_("别的批次或者标注规范也在用的图片：内容相同，只存一份，还有人在用就不能删。"),
}
GOES = (
    N_("上传的文件，和读进来的每一条内容、图片、缩略图"),
    N_("标注员的答案、草稿，质检员的意见，和判定的结果"),
    N_("交付批的文件，和装着这一批结果的导出文件（别的批次的结果可以重新导出）"),
    N_("没有收下的行，和错误报告"),
)
"""What goes with a batch, before it does."""
