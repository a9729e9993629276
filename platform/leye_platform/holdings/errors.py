"""Situations of storing, by name."""

from leye_platform.errors import N_, Conflict


class StorageFull(Conflict):
    """What a firm wants to store does not fit into its limit. Sizes in words; `free_bytes` for programs."""

    sentence = N_(
        "存储空间不够：已用 {used}，上限 {limit}，还剩 {free}，这次要 {wanted}。"
        "请删除不再需要的批次数据，或者请管理员提高上限，再试一次。"
    )
    members = ("free_bytes", "wanted_bytes")
