"""Situations of projects and batches, by name."""

from leye_platform.errors import N_, Conflict, Forbidden, NotFound, Refused


class ProjectMissing(NotFound):
    sentence = N_("没有找到这个项目。可能已经移走，或者不属于您的单位。请回首页，从列表里选一个。")


class BatchMissing(NotFound):
    sentence = N_("没有找到这个批次。可能已经移走，或者不属于您的单位。")


class ProjectNotComplete(Conflict):
    sentence = N_("还不能开始：缺少{missing}。请先补上。")


class BatchWithoutFile(Conflict):
    sentence = N_("这个批次还没有文件。请先上传文件。")


class PriceInThePast(Refused):
    sentence = N_("已经有批次按原来的单价在做，新单价只能从现在起生效。请不要填过去的日期。")


class RateRefused(Refused):
    sentence = N_("“{rate}”不是能用的价格。请填大于等于 0、最多六位小数的数，例如 0.06。")


class RateMissing(RateRefused):
    sentence = N_("请填一个数，例如 0.06；不付就填 0。")


class UploadRefused(Forbidden):
    sentence = N_("上传的地址已经过期，或者被改过。请重新建批次，再上传。")
