"""Situations of projects and batches, by name."""

from leye_platform.errors import N_, Conflict, Forbidden, NotFound, Refused


class ProjectMissing(NotFound):
    sentence = N_("没有找到这个项目。可能已经移走，或者不属于您的单位。请回首页，从列表里选一个。")


class BatchMissing(NotFound):
    sentence = N_("没有找到这个批次。可能已经移走，或者不属于您的单位。请回首页，从列表里选一个。")


class ProjectNotComplete(Conflict):
    sentence = N_("还不能开始：缺少{missing}。请先补上。")


class BatchBeingRead(Conflict):
    sentence = N_("这个批次的文件还没有读完。请等读完再撤回。")


class WeightRefused(Refused):
    sentence = N_("人手的比重是 1 到 {most} 的整数，平常是 {usual}。")


class PriorityRefused(Refused):
    sentence = N_("优先级是 -{most} 到 {most} 的整数，平常是 0。")


class TooManyNames(Refused):
    sentence = N_("一次最多撤回 {limit} 条。请分几次撤回。")


class BatchWithoutFile(Conflict):
    sentence = N_("这个批次还没有文件。请先上传文件。")


class AdditionMissing(NotFound):
    sentence = N_("没有找到这个追加的文件。可能地址不对，或者不属于您的单位。请从批次页打开。")


class AdditionRefused(Conflict):
    """The batch takes no further file as it is now; the sentence says what to do instead. Base of the named cases."""

    sentence = N_("这个批次现在不能追加文件。请上传成新批次。")


class AdditionBeforeFile(AdditionRefused):
    sentence = N_("这个批次自己的文件还没有收到。请先上传它的文件，读完再追加。")


class AdditionWhileReading(AdditionRefused):
    sentence = N_("这个批次自己的文件还没有读完。请等它读完，再追加。")


class AdditionToFailed(AdditionRefused):
    sentence = N_("这个批次的文件没有收下，没有东西可以追加。请上传成新批次。")


class AdditionToClosed(AdditionRefused):
    sentence = N_("这个批次已经结束。请先请项目经理重新开放，再追加；或者上传成新批次。")


class AdditionToCancelled(AdditionRefused):
    sentence = N_("这个批次已经取消。请上传成新批次。")


class AdditionUnderway(Conflict):
    """One file of a batch is read at a time."""

    sentence = N_("正在读另一个追加的文件。等它读完，再读这一个；传上来的文件都在，不用重传。")


class AdditionWithoutFile(Conflict):
    sentence = N_("还没有收到追加的文件。请先把文件传到给您的地址，再请求读取。")


class NothingWaitsForRoom(Conflict):
    sentence = N_("这个批次没有因为空间不够而没收下的行，或者已经结束，不能接着读。请刷新页面，再看一次。")


class PriceInThePast(Refused):
    sentence = N_("已经有批次按原来的单价在做，新单价只能从现在起生效。请不要填过去的日期。")


class RateRefused(Refused):
    sentence = N_("“{rate}”不是能用的价格。请填大于等于 0、最多六位小数的数，例如 0.06。")


class RateMissing(RateRefused):
    sentence = N_("请填一个数，例如 0.06；不付就填 0。")


class UploadRefused(Forbidden):
    sentence = N_("上传的地址已经过期，或者被改过。请重新建批次，再上传。")
