"""Situations of keeping and erasing, by name."""

from leye_platform.errors import N_, Conflict, Gone, NotFound, Refused


class DataErased(Gone):
    """The content was erased for good; counts and money are still there."""

    sentence = N_("这个批次的数据已经按约定删除，没有内容可以给了。条数、金额和删除证明都在批次的“数据”页。")


class DataGoing(Conflict):
    """The content is being erased."""

    sentence = N_("这个批次的数据正在删除，不能再改，也不能再做。请在批次的“数据”页看进度。")


class ErasureRefused(Conflict):
    """The content must stay for now; the sentence says what is open. Base of the named cases."""

    sentence = N_("这个批次的数据现在不能删除。请看批次的“数据”页。")


class DataHeld(ErasureRefused):
    sentence = N_("这个批次有保留令，数据不能删除：{reason}。要解除，请联系乐业的管理员。")


class ErasureUnderway(ErasureRefused):
    sentence = N_("这个批次的数据已经在删除，或者已经删完。请在批次的“数据”页看进度和证明。")


class FileStillComing(ErasureRefused):
    sentence = N_("还在上传或者读取文件。请等读完，或者先取消这一批，再要求删除。")


class WorkStillOpen(ErasureRefused):
    sentence = N_("还有 {count} 条没有做完。请先结束或取消这一批，再要求删除。")


class TasksInHand(ErasureRefused):
    sentence = N_("还有 {count} 条在标注员手上。等他们交上来，或者到期收回，再要求删除。")


class LotUndelivered(ErasureRefused):
    sentence = N_("还有 {count} 条做好了没有交付。请等交付和验收以后，再要求删除。")


class LotUnsettled(ErasureRefused):
    sentence = N_("还有 {count} 个交付批没有验收。请先验收或退回，再要求删除。")


class BillOpen(ErasureRefused):
    sentence = N_("还有 {count} 个交付批没有开账单。等账单开出以后，再要求删除。")


class NameNotTyped(Refused):
    """What is to be erased is confirmed by its name."""

    sentence = N_("填的名字和批次名不一样。要删除，请照抄：{name}")


class RetentionOutOfRange(Refused):
    sentence = N_("天数要是 1 到 {most} 的整数；要一直留到有人要求删除，就不填。")


class ReasonNeeded(Refused):
    sentence = N_("请写明为什么要保留，最多 500 个字；对方会看到。")


class ErasureMissing(NotFound):
    sentence = N_("这个批次没有删除证明：数据没有删过，或者还没有删完。")
