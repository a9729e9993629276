"""Situations of billing, by name."""

from leye_platform.errors import N_, Conflict, NotFound


class InvoiceMissing(NotFound):
    sentence = N_("没有找到这张账单。可能已经移走，或者不属于您的单位。请从账单页打开。")


class EntryMissing(NotFound):
    sentence = N_("账里没有这一笔。请刷新页面，再看一次。")


class EntryReversed(Conflict):
    sentence = N_("这一笔已经冲回过了，不会再冲。")


class ReversalStays(Conflict):
    sentence = N_("这一笔本身就是冲回，不能再冲。需要的话，请重新记一笔。")


class NoPrice(Conflict):
    sentence = N_("这个项目还没有单价，不能结算。请先定单价。")


class MonthMissing(NotFound):
    sentence = N_("没有这个月份。月份写成“2026-03”这样；请从收入页点进来。")


class AnswerMissing(NotFound):
    sentence = N_("没有找到这条答案。这里只能看自己提交的答案；请从收入页点进来。")
