"""Situations of guides, by name."""

from leye_platform.errors import N_, Conflict, NotFound, Refused


class GuideMissing(NotFound):
    sentence = N_("没有找到这一版标注规范。请从项目里打开。")


class PictureMissing(NotFound):
    sentence = N_("没有找到这张图。请从标注规范里打开。")


class QuestionMissing(NotFound):
    sentence = N_("没有找到这个问题。请刷新页面，再看一次。")


class GuideNotConfirmed(Conflict):
    """The guide changed since the person's last task of the project; `page` shows how."""

    sentence = N_("这个项目的标注规范改了。请先看改了什么，确认以后再领下一条；手上的任务照原来的做。")
    members = ("project", "version", "page")


class GuideMovedOn(Conflict):
    """Another version came out while a page was open."""

    sentence = N_("标注规范刚刚又改了一版。请重新打开这一页，看最新的。")


class DraftMissing(Conflict):
    sentence = N_("没有草稿可以发布，可能别人刚刚发布了。请刷新页面，再看一次。")


class QuestionEmpty(Refused):
    sentence = N_("请写下你的问题，最多 1000 个字。")


class AnswerEmpty(Refused):
    sentence = N_("请写下回答，最多 1000 个字。")


class TooManyPictures(Refused):
    sentence = N_("一份规范最多 40 张图。请先去掉几张。")
