"""What there is to tell, in which words, and to whom it can happen. Pure.

The inbox names projects and batches. What leaves the site says only what happened: no content, no amounts,
nothing about a person's body.
"""

from collections.abc import Collection
from enum import StrEnum

from leye_platform.accounts.rules import Role
from leye_platform.errors import N_
from leye_platform.permissions import GRANTS, Permission


class NoticeKind(StrEnum):
    BATCH_READ = "batch_read"
    BATCH_REFUSED = "batch_refused"
    ADDITION_READ = "addition_read"
    ADDITION_REFUSED = "addition_refused"
    DATA_WILL_GO = "data_will_go"
    DATA_IS_GONE = "data_is_gone"
    LOT_DELIVERED = "lot_delivered"
    LOT_ACCEPTED = "lot_accepted"
    LOT_SENT_BACK = "lot_sent_back"
    INVOICE_ISSUED = "invoice_issued"
    GUIDE_CHANGED = "guide_changed"
    TASK_SENT_BACK = "task_sent_back"
    QUESTION_ASKED = "question_asked"
    QUESTION_ANSWERED = "question_answered"
    JOB_FAILED = "job_failed"
    PASSWORD_RESET = "password_reset"  # noqa: S105 -- a kind of notice


_K = NoticeKind
INBOX_WORDS: dict[NoticeKind, str] = {
    _K.BATCH_READ: N_("批次“{batch}”读完了：收下 {rows} 条，没有收下 {refused} 条。"),
    _K.BATCH_REFUSED: N_("批次“{batch}”没有读成，请看原因。"),
    _K.ADDITION_READ: N_("追加到批次“{batch}”的文件读完了：加入 {rows} 条，没有收下 {refused} 行。"),
    _K.ADDITION_REFUSED: N_("追加到批次“{batch}”的文件没有读成，请看原因。"),
    _K.DATA_WILL_GO: N_("批次“{batch}”的数据{day}删除。要留久一点，请在那以前改。"),
    _K.DATA_IS_GONE: N_("批次“{batch}”的数据删完了，有证明可以看。"),
    _K.LOT_DELIVERED: N_("“{project}”的交付批 {lot} 请验收。"),
    _K.LOT_ACCEPTED: N_("“{project}”的交付批 {lot} 验收了。"),
    _K.LOT_SENT_BACK: N_("“{project}”的交付批 {lot} 退回了 {count} 条。"),
    _K.INVOICE_ISSUED: N_("账单 {number} 开好了。"),
    _K.GUIDE_CHANGED: N_("“{project}”的标注规范改到第 {version} 版，领下一条以前先看改了什么。"),
    _K.TASK_SENT_BACK: N_("“{project}”有 {count} 条退回来请你再做，给你留一天；已经算的报酬不变。"),
    _K.QUESTION_ASKED: N_("“{project}”的标注规范有人提问，等你回答。"),
    _K.QUESTION_ANSWERED: N_("你问的“{project}”的问题有了回答。"),
    _K.JOB_FAILED: N_("一个后台任务试了几次都没有成功，请到管理页处理。"),
    _K.PASSWORD_RESET: N_("密码被重设了。不是自己请人做的，请马上告诉项目经理。"),
}
"""In the inbox, with the notice's arguments."""
PLAIN_WORDS: dict[NoticeKind, str] = {
    _K.BATCH_READ: N_("一个批次读完了"),
    _K.BATCH_REFUSED: N_("一个批次没有读成"),
    _K.ADDITION_READ: N_("一个追加的文件读完了"),
    _K.ADDITION_REFUSED: N_("一个追加的文件没有读成"),
    _K.DATA_WILL_GO: N_("一个批次的数据快到删除的日子"),
    _K.DATA_IS_GONE: N_("一个批次的数据删完了"),
    _K.LOT_DELIVERED: N_("有一批结果请验收"),
    _K.LOT_ACCEPTED: N_("一个交付批验收了"),
    _K.LOT_SENT_BACK: N_("交付的结果有退回"),
    _K.INVOICE_ISSUED: N_("账单开好了"),
    _K.GUIDE_CHANGED: N_("标注规范改了"),
    _K.TASK_SENT_BACK: N_("有任务退回来请你再做"),
    _K.QUESTION_ASKED: N_("标注规范有人提问"),
    _K.QUESTION_ANSWERED: N_("你问的问题有了回答"),
    _K.JOB_FAILED: N_("一个后台任务失败了"),
    _K.PASSWORD_RESET: N_("密码被重设了"),
}
"""Outside the site, and as the name of a kind where people choose."""
_CONCERNS: dict[NoticeKind, Permission] = {
    _K.BATCH_READ: Permission.UPLOAD_BATCH,
    _K.BATCH_REFUSED: Permission.UPLOAD_BATCH,
    _K.ADDITION_READ: Permission.UPLOAD_BATCH,
    _K.ADDITION_REFUSED: Permission.UPLOAD_BATCH,
    _K.DATA_WILL_GO: Permission.SET_RETENTION,
    _K.DATA_IS_GONE: Permission.SET_RETENTION,
    _K.LOT_DELIVERED: Permission.SETTLE_LOT,
    _K.LOT_ACCEPTED: Permission.MANAGE_PROJECTS,
    _K.LOT_SENT_BACK: Permission.MANAGE_PROJECTS,
    _K.INVOICE_ISSUED: Permission.VIEW_INVOICE,
    _K.GUIDE_CHANGED: Permission.WORK,
    _K.TASK_SENT_BACK: Permission.WORK,
    _K.QUESTION_ASKED: Permission.MANAGE_PROJECTS,
    _K.QUESTION_ANSWERED: Permission.WORK,
    _K.JOB_FAILED: Permission.ADMINISTER,
    _K.PASSWORD_RESET: Permission.OWN_ACCOUNT,
}


def kinds_for(roles: Collection[Role]) -> list[NoticeKind]:
    """The kinds that can reach somebody with these roles."""
    held = {permission for role in roles for permission in GRANTS[role]}
    return [kind for kind in NoticeKind if _CONCERNS[kind] in held]


class DeliveryState(StrEnum):
    """What became of a notice on its way outside. `unsure`: broken off so late that it may have arrived."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNSURE = "unsure"


_D = DeliveryState
DELIVERY_MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    _D.WAITING: frozenset({_D.SENDING, _D.REFUSED}),
    _D.SENDING: frozenset({_D.SENT, _D.WAITING, _D.REFUSED, _D.UNSURE}),
    _D.SENT: frozenset(),
    _D.REFUSED: frozenset(),
    _D.UNSURE: frozenset(),
}


class ChannelName(StrEnum):
    """Ways outside. SMS and chat robots join here."""

    MAIL = "mail"


MOST_TRIES = 8
"""A message that its receiver's server puts off this often is given up."""
