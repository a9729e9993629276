"""Situations of files that come in parts, by name."""

from leye_platform.errors import N_, Conflict, NotFound, Refused


class UploadMissing(NotFound):
    sentence = N_("没有找到这次上传。可能已经放弃，或者不属于您的单位。请重新开始上传。")


class UploadEnded(Conflict):
    """It was completed or given up; nothing more can come."""

    sentence = N_("这次上传已经结束，不能再传。要换文件，请重新开始上传。")


class UploadLost(Conflict):
    """The store knows nothing of it any more."""

    sentence = N_("已经传上来的部分找不到了，这次上传作废。请重新开始上传。")


class UploadNotExpected(Conflict):
    """The batch or the addition has its file already, or takes none."""

    sentence = N_("这个批次或追加的文件已经收下，不能再传。请建新批次，或者再追加一个文件。")


class NoSuchPart(Refused):
    sentence = N_("这个文件只有 {count} 份，没有第 {number} 份。请按 part_size 切开，从 1 编号。")


class PartOfOtherSize(Refused):
    sentence = N_("第 {number} 份应当是 {wanted} 字节，收到 {size} 字节。请按 part_size 切开，再传这一份。")


class PartDamaged(Refused):
    sentence = N_("第 {number} 份在路上坏了：收到的内容和给的 SHA-256 对不上。请再传这一份。")


class PartsMissing(Conflict):
    """`parts`: the numbers of those that are still to come."""

    sentence = N_("还差 {count} 份没有传到。请先传完，再请求合并。")
    members = ("parts",)


class PartsOfOtherContent(Conflict):
    """`parts`: the numbers of those whose content is not what the sender told."""

    sentence = N_("有 {count} 份的内容和给的 SHA-256 对不上。请再传这几份。")
    members = ("parts",)
