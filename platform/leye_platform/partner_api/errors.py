"""Situations that only the Label Studio face knows."""

from leye_platform.errors import N_, Forbidden, NotFound, Refused, TooLarge


class BodyNotJson(Refused):
    sentence = N_("请求的正文不是 JSON。请检查括号、引号和编码（UTF-8），再发一次。")


class BodyNotAnObject(Refused):
    sentence = N_("请求的正文要是一个 JSON 对象，如 {example}。")


class BodyTooLarge(TooLarge):
    sentence = N_("一次请求最多 {limit_mb} MB。请分几次导入，或者把文件作为上传文件发来。")


class TaskNotThere(NotFound):
    sentence = N_("没有这条任务。可能编号不对，或者不属于您的单位。请检查编号，再试一次。")


class AnnotationNotThere(NotFound):
    sentence = N_("没有这条标注。可能编号不对，或者不属于您的单位。请检查编号，再试一次。")


class PredictionNotThere(NotFound):
    sentence = N_("没有这条预测。可能编号不对，或者不属于您的单位。请检查编号，再试一次。")


class DraftNotThere(NotFound):
    sentence = N_("没有这份草稿。草稿只有写它的人能看，提交后就没有了。请领取任务，再存一份。")


class PageNotThere(NotFound):
    sentence = N_("没有这一页：前面已经是最后一页。")


class NotYours(Forbidden):
    sentence = N_("这条任务不在您手里。请先用 next 领取，再提交答案。")


class NotClaimed(Refused):
    sentence = N_("草稿只存给领了任务的人。请先用 next 领取这条任务，再存草稿。")


class AnnotationStays(Refused):
    sentence = N_(
        "提交的标注是记录，不能删。写错了，作者可以改（PATCH）；要重做这条任务，请在验收时把它退回，并写明原因。"
    )


class AnnotationOfAnother(Forbidden):
    """Whoever oversees a project reads others' answers, and never rewrites them."""

    sentence = N_("标注只有作者自己能改。要改这条的结果，请在质检时判定，或者在验收时把它退回，并写明原因。")


class TaskStays(Refused):
    sentence = N_("这条任务已经有结果，或者正在交付，不能再撤回或改动。")


class DataStays(Refused):
    sentence = N_("任务的数据导入后不能改。请撤回这条任务（DELETE），再导入新的。")


class ConfigStays(Refused):
    sentence = N_("项目里已经有任务，标签配置不能再改。请另建一个项目。")


class ConfigMissing(Refused):
    sentence = N_("请给出 label_config：标签配置（XML），如 <View><Text …/><Choices …/></View>。")


class NoPartnerToOwnIt(Refused):
    sentence = N_("您的账号不属于哪家合作企业，也不是平台的人，不能建项目。请联系项目经理。")


class NothingToImport(Refused):
    sentence = N_("没有能导入的任务：{problem}。请改好，再导入一次。")


class ImportBodyEmpty(Refused):
    sentence = N_("没有任务。请发一个 JSON 数组，如 {example}；或者作为文件上传。")


class ImportByUrl(Refused):
    sentence = N_("不能从网址导入。请把任务写在正文里，或者作为文件上传。")


class ProposalStays(Refused):
    sentence = N_("这条任务已经有人开始做，预测不能再改。")


class ResultMissing(Refused):
    """The body has no `result`."""

    sentence = N_("请给出 result：答案的区域，是一个 JSON 数组。")


class ResultNotKept(Refused):
    sentence = N_("result 不能保存：{problem}。请改好，再提交一次。")
