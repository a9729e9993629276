"""Situations of review, by name."""

from typing import ClassVar

from leye_platform.errors import N_, Conflict, NotFound, Refused


class ReviewMissing(NotFound):
    sentence = N_("没有找到这条质检。可能已经由别人处理。请回待质检，领下一条。")


class ReviewHeldByAnother(Conflict):
    sentence = N_("这条质检现在由别人处理。请回待质检，领下一条。")


class ReviewPutBack(Conflict):
    """Put back by its reviewer, or held for longer than the time to hold one."""

    sentence = N_("这条已经放回去了，没有提交决定。请回待质检，领下一条。")


class ReviewSettled(Conflict):
    sentence = N_("这条已经有决定了，不会再改。请回待质检，领下一条。")


class VerdictIncomplete(Refused):
    """What a verdict lacks. `field`: the form's field that it is said beside."""

    field: ClassVar[str]


class DecisionMissing(VerdictIncomplete):
    sentence = N_("还没有选决定。请选一个，再提交。")
    field = "decision"


class AnswerNotChosen(VerdictIncomplete):
    sentence = N_("请选出要采用的那一份答案，再提交。")
    field = "decision"


class FixNotGiven(VerdictIncomplete):
    sentence = N_("“改好再定”要写出正确的答案。请在“改成”下面选好，再提交。")
    field = "fixed"


class ReasonNotChosen(VerdictIncomplete):
    sentence = N_("请选一个合适的原因；选“其他”时，请在说明里写一句。")
    field = "reason"


class CommentTooLong(VerdictIncomplete):
    sentence = N_("说明最多 {limit} 个字。请写短一点，再提交。")
    field = "comment"


class FlagMissing(NotFound):
    """Not there, taken back by later answers, or about somebody out of the actor's reach."""

    sentence = N_("没有找到这一条。可能后来的答案已经说明没有问题，也可能不是你小组里的人。请回小组页，再看一次。")


class FlagSettled(Conflict):
    sentence = N_("“{name}”的这一条已经有人处理了。请回小组页看看还有没有别的。")


class OutcomeMissing(Refused):
    sentence = N_("还没有选看过以后怎样，请选一个。")
