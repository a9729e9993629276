"""Situations of notices, by name."""

from leye_platform.errors import N_, NotFound


class NoticeMissing(NotFound):
    sentence = N_("没有找到这条消息。请回消息页，再看一次。")
