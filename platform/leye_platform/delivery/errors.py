"""Situations of delivery, by name."""

from leye_platform.errors import N_, Conflict, NotFound, Refused


class LotMissing(NotFound):
    sentence = N_("没有找到这个交付批。可能已经移走，或者不属于您的单位。请从批次页打开。")


class LotNotDelivered(Conflict):
    sentence = N_("这个交付批现在是“{state}”，不能验收或退回。请刷新页面，再看一次。")


class ItemsMovedOn(Conflict):
    sentence = N_("这个交付批里有 {count} 条的状态变了，先不能交付或验收。请联系项目经理查看。")


class NothingToDeliver(Conflict):
    sentence = N_("现在没有新判定的条目可以交付。等标注和质检有了结果再来。")


class ReasonMissing(Refused):
    sentence = N_("退回要写原因，标注员会看到。请写一句，再提交。")


class ItemNotInLot(Refused):
    sentence = N_("选中的条目里有 {count} 条不在这个交付批里。请刷新页面，再选一次。")


class NothingChosen(Refused):
    sentence = N_("还没有选要退回的条目。请勾选至少一条，再提交。")
