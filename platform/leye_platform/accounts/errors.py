"""Situations of accounts, by name."""

from leye_platform.errors import N_, Conflict, Forbidden, NotFound, Refused, TooManyAttempts, Unauthenticated


class SignInRefused(Unauthenticated):
    """The name is unknown or the password is wrong: the two look the same from outside."""

    sentence = N_("账号或密码不对。请检查后再试。")


class TokenNotValid(Unauthenticated):
    """The request's Authorization header holds no token that works: mistyped, revoked, or of a sign-in that ended."""

    sentence = N_("访问令牌不对，或者已经失效。请检查请求里的令牌；还不行，就到“我的账号”里新建一个。")


class SignInThrottled(TooManyAttempts):
    """Too many wrong passwords in a row; the right one is refused too until the time is over."""

    sentence = N_("这个账号输错密码的次数太多，请过 {seconds} 秒再试。")


class PasswordWrong(Refused):
    """The present password, asked before it is changed, is not this one."""

    sentence = N_("现在的密码不对。请检查后再试；忘了密码，请组长或项目经理重设。")


class NotSignedInBySession(Conflict):
    """An API token has no session to end."""

    sentence = N_("这个请求用的是访问令牌，没有可以退出的登录。要停用令牌，请在“我的账号”里撤销。")


class EmailRefused(Refused):
    sentence = N_("“{email}”不是邮箱地址。请写成 name@example.org 这样。")


class RoleUnknown(Refused):
    sentence = N_("没有“{role}”这个角色。可以用的有：{roles}。")


class OrganisationNeeded(Refused):
    sentence = N_("合作企业的角色“{role}”要写明是哪个企业。请给出单位名称。")


class OrganisationMissing(NotFound):
    sentence = N_("没有名叫“{name}”的单位。请检查名称，或者先建这个单位。")


class OrganisationDoesNotFit(Refused):
    sentence = N_("“{name}”这类单位不能有角色“{role}”。请换一个单位，或者换一个角色。")


class OrganisationNameTaken(Conflict):
    sentence = N_("已经有名叫“{name}”的单位。请换一个名称。")


class OrganisationNameNeeded(Refused):
    sentence = N_("请写单位名称，最多 120 个字。")


class RoleHeldAlready(Conflict):
    sentence = N_("{name} 在“{organisation}”已经是这个角色，不用再加。")


class SignInNameTaken(Conflict):
    sentence = N_("邮箱、手机号或工号已经有人用了。请换一个，或者在那个人名下加角色。")


class PasswordRefused(Refused):
    """A new password breaks a rule."""


class PasswordTooShort(PasswordRefused):
    sentence = N_("密码至少要 8 个字符。可以用几个词连在一起，空格也算。")


class PasswordTooLong(PasswordRefused):
    sentence = N_("密码太长，最多 1000 个字节。请改短一些。")


class PasswordIsAName(PasswordRefused):
    sentence = N_("密码不能和账号名一样。请换一个。")


class PasswordNotNew(PasswordRefused):
    sentence = N_("新密码和现在的一样。请换一个。")


class PasswordMustChange(Forbidden):
    """The password was given by somebody else; a new one comes before anything else."""

    sentence = N_("这个密码是别人帮你设的。请先换成你自己的密码，再做别的。")


class PersonMissing(NotFound):
    sentence = N_("没有找到这个人。可能不在你的小组里。请回小组页，从列表里选一个。")


class PasswordNotYours(Forbidden):
    sentence = N_("这个人的密码不能由你重设。管理员的密码，要在服务器上用命令重设。")


class LastRole(Conflict):
    sentence = N_("这是这个人的最后一个角色，不能去掉。人不再来了，请标为“已离开”。")


class NotToYourself(Conflict):
    sentence = N_("不能把自己标为已离开，也不能去掉自己的管理员角色。请另一位管理员来做。")


class TokenMissing(NotFound):
    sentence = N_("没有找到这个访问令牌。可能已经撤销。请回“我的账号”，再看一次。")


class SessionMissing(NotFound):
    sentence = N_("没有找到这个登录。可能已经退出。请回“我的账号”，再看一次。")


class TokenNameNeeded(Refused):
    sentence = N_("请给访问令牌起个名字，最多 120 个字，好知道它用在哪里。")
