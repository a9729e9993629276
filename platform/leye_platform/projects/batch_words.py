"""How states, purposes and methods are called on pages."""

from leye_platform.errors import N_
from leye_platform.projects.estimate import Way
from leye_platform.projects.rules import AdditionState, BatchPurpose, BatchState
from leye_platform.review.rules import DecisionMethod

STATE_WORDS: dict[BatchState, tuple[str, str]] = {
    BatchState.UPLOADING: ("info", N_("等文件")),
    BatchState.INGESTING: ("info", N_("正在读文件")),
    BatchState.READY: ("attention", N_("可以开始")),
    BatchState.OPEN: ("info", N_("进行中")),
    BatchState.PAUSED: ("attention", N_("暂停了")),
    BatchState.CLOSED: ("good", N_("已结束")),
    BatchState.FAILED: ("bad", N_("没有收下")),
    BatchState.CANCELLED: ("", N_("已取消")),
}
"""A batch's state as a badge: its kind and its word."""

ADDITION_WORDS: dict[AdditionState, tuple[str, str]] = {
    AdditionState.UPLOADING: ("attention", N_("还没有读")),
    AdditionState.READING: ("info", N_("正在读文件")),
    AdditionState.READ: ("good", N_("读完了")),
    AdditionState.FAILED: ("bad", N_("没有读成")),
}
"""An addition's state as a badge."""

PURPOSE_WORDS: dict[BatchPurpose, str] = {
    BatchPurpose.PRODUCTION: N_("正式"),
    BatchPurpose.TRIAL: N_("试标"),
}

PURPOSE_HINTS: dict[BatchPurpose, str] = {
    BatchPurpose.PRODUCTION: N_("规范和单价都说定了，整批来做。"),
    BatchPurpose.TRIAL: N_("先做几十条，看规范清不清楚、一条要多久。"),
}

METHOD_WORDS: dict[DecisionMethod, str] = {
    DecisionMethod.CONSENSUS: N_("{count} 条按标注员的答案判定"),
    DecisionMethod.SINGLE: N_("{count} 条只凭一份答案判定"),
    DecisionMethod.REVIEW: N_("{count} 条由质检员判定"),
}

WAY_WORDS: dict[Way, str] = {
    Way.CONSENSUS: N_("几个人做，一致性判定"),
    Way.SINGLE_CHECK: N_("一个人做，抽查一部分"),
    Way.PROPOSE_VERIFY: N_("一个人先做，另一个人核对"),
}
