"""Situations of claiming and answering, by name."""

from leye_platform.errors import N_, Conflict, Forbidden, Gone, NotFound, Refused
from leye_task_templates.template import ResultRefused


class AssignmentMissing(NotFound):
    sentence = N_("没有找到这条任务，它也可能不是领给你的。请回首页，领取下一条。")


class TaskErased(Gone):
    """The content of its batch was erased; what the person earned with it stays."""

    sentence = N_("这条任务的内容已经按约定删除，不能再看，也不能再做。报酬不变。请回首页，领取下一条。")


class PartnersDoNotAnnotate(Forbidden):
    """Whoever belongs to a firm that gives work does not answer tasks on this platform."""

    sentence = N_("合作企业的账号不能领取任务。需要标注的话，请用标注员账号登录。")


class ItemInParts(Refused):
    """Its parts are answered one by one, on the site; positions in an answer to the whole would be of no part."""

    sentence = N_("这条内容太长或太大，已经分成几部分，不能整条作答。请在网站上一部分一部分地标。")


class AnswerRefused(Refused):
    """The answer does not fit the task; the task type's own sentence says what to change."""

    sentence = N_("答案还不能提交。请检查后再提交。")

    def __init__(self, refused: ResultRefused) -> None:
        setattr(self, "sentence", refused.template)  # noqa: B010 -- this one's sentence is the task type's
        super().__init__(**refused.arguments)


class IdempotencyKeyMissing(Refused):
    sentence = N_("请求里要有 Idempotency-Key 这个请求头（1 到 200 个字符）。请补上再提交，重复提交只算一次。")


class TaskGivenBack(Conflict):
    """The assignment was released; the answer is kept as a draft."""

    sentence = N_("这条任务你已经退还，不能再提交。写好的答案存成了草稿。请回首页，领取下一条。")


class TaskSkipped(Conflict):
    """The assignment was skipped; the answer is kept as a draft."""

    sentence = N_("这条任务你已经跳过，不能再提交。写好的答案存成了草稿。请回首页，领取下一条。")


class AlreadyAnswered(Conflict):
    """What was wanted makes no sense once the answer stands."""

    sentence = N_("这条任务你已经提交过，答案已存好。请领取下一条。")


class NotAnsweredYet(Conflict):
    """Only an answer that stands can be corrected."""

    sentence = N_("这条任务你还没有提交过答案，没有要更正的。请直接提交答案。")


class CorrectedTooOften(Conflict):
    """Everything an answer has said is kept for good; past this, somebody should look why it changes so often."""

    sentence = N_("这条的答案已经改过 {most} 次，不能再改，报酬不变。还要改的话，请告诉组长。")


class CorrectionTooLate(Conflict):
    """The item is in a lot, or further: what the partner gets no longer changes under their hands."""

    sentence = N_("这条已经交付，或者正在交付，答案不能再改，报酬不变。要重做，请告诉项目经理，在验收时把它退回。")


class ReviewerHasIt(Conflict):
    """A reviewer has the answers before them; what they accept must be what they saw."""

    sentence = N_("质检员正在看这条，答案先不能改。请等质检员判定；判错了，告诉组长或项目经理。报酬不变。")


class ReviewerHasSettled(Conflict):
    """A reviewer's word stands above the answers."""

    sentence = N_("质检员已经判定了这条，答案不能再改，报酬不变。觉得判错了，请告诉组长或项目经理。")


class RoundIsOver(Conflict):
    """The micro-task was sent back: a new round asks for new answers."""

    sentence = N_("这条已经退回重做，原来的答案不再改。请领取重做的这一条，重新作答。")


class WorkIsOver(Conflict):
    """The item was withdrawn or is unusable, or its batch or project is closed: nothing asks for a better answer."""

    sentence = N_("这条已经撤回、不可用，或者批次已经结束，答案不用再改，报酬不变。请领取下一条。")


class AlreadyDecided(Conflict):
    """A draft came after the lease had run out and the task had been settled."""

    sentence = N_("这条任务已经有了结果，草稿不再保存；写好的答案仍可提交，照样计酬。")


class ReservedAlready(Conflict):
    """A batch, or its project, is kept for one team at a time."""

    sentence = N_("这里已经留给“{team}”了。请先取消，再留给别的小组。")


class QuotaRefused(Refused):
    sentence = N_("留多少条要写 1 到 {most} 的整数。")


class ReservationInThePast(Refused):
    sentence = N_("留到哪天已经过去了。请写以后的日期。")


class NoSuchTeam(Refused):
    sentence = N_("没有这个小组。请从列表里选一个。")


class NoMoreTime(Conflict):
    """The lease had run out before it was given back or skipped."""

    sentence = N_("这条任务的保留时间已过，已经可以由别人做，不用再退还。你写好的答案仍可提交，照样计酬。")


class SkipReasonMissing(Refused):
    sentence = N_("请选一个跳过的原因，再点“跳过”。跳过不影响收入。")
