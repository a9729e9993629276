"""Situations of teams, by name."""

from leye_platform.errors import N_, Conflict, NotFound, Refused


class TeamMissing(NotFound):
    sentence = N_("没有找到这个小组。可能不是你带的小组。请回小组页，从列表里选一个。")


class TeamNameNeeded(Refused):
    sentence = N_("请写小组名称，最多 120 个字。")


class TeamNameTaken(Conflict):
    sentence = N_("“{organisation}”已经有名叫“{name}”的小组。请换一个名称。")


class TeamNeedsABase(Refused):
    sentence = N_("请选小组所在的基地。合作企业不能有小组。")


class HelpRequestMissing(NotFound):
    sentence = N_("没有找到这个求助。可能不是你小组里的人。请回小组页，再看一次。")


class HelpSettledAlready(Conflict):
    sentence = N_("“{name}”的这个求助已经有人处理了。请回小组页看看还有没有别的。")


class HelpTopicMissing(Refused):
    sentence = N_("还没有选要什么帮助，请选一个。")


class NoSuchPerson(Refused):
    """Somebody typed a staff number, phone or e-mail that nobody active has."""

    sentence = N_("没有找到“{typed}”。请检查工号、手机号或邮箱。")


class NotALeader(Refused):
    sentence = N_("“{name}”在“{organisation}”没有组长的角色。请管理员先加上这个角色。")


class NotOfThisBase(Refused):
    sentence = N_("“{name}”在“{organisation}”没有标注员或组长的角色。请管理员先加上。")
