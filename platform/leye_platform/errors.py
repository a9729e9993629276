"""Errors are named situations. Each feature names its own; their kind decides the HTTP status, here.

The sentence is Chinese source text for gettext, with `{names}` of the arguments; it says what to do next.
"""

from typing import Any, ClassVar

MEDIA_TYPE = "application/problem+json"


def N_(text: str) -> str:  # noqa: N802 -- gettext's customary name for "mark now, translate later"
    """Mark a text for the catalogues without translating it yet."""
    return text


class LeyeError(Exception):
    """A situation that a person or a client can cause. `sentence` says what happened and what to do."""

    sentence: ClassVar[str]
    status: ClassVar[int]
    members: ClassVar[tuple[str, ...]] = ()
    """The arguments that the API's problem details hold beside the sentence."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        super().__init__(self.sentence.format(**arguments))

    @property
    def code(self) -> str:
        """The class name in kebab case, as problem details name the type: `lease-held-by-another`."""
        return code_of(type(self))


def code_of(error: type[LeyeError]) -> str:
    """The code of an error's class, as problem details name the type."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in error.__name__).lstrip("-")


class Unauthenticated(LeyeError):
    """Nobody is signed in, or the sign-in has ended."""

    sentence = N_("请先登录，再做这一步。")
    status = 401


class Forbidden(LeyeError):
    """Signed in, but this role may not do it."""

    sentence = N_("你的角色不能做这一步。需要的话，请联系项目经理。")
    status = 403


class NotFound(LeyeError):
    """No such thing, or not for this organisation: the two look the same from outside."""

    sentence = N_("没有找到。可能已经移走，或者不是这个账号能看的。请回首页，从那里进来。")
    status = 404


class Conflict(LeyeError):
    """The thing has moved on since the page was opened."""

    sentence = N_("情况已经变了。请刷新页面，再看一次。")
    status = 409


class Refused(LeyeError):
    """The request cannot be taken as it is; the sentence says what to change."""

    sentence = N_("这个请求不能接受。请检查填写的内容。")
    status = 422


class Gone(LeyeError):
    """It was there, and was removed for good."""

    sentence = N_("这里的内容已经按约定删除，不能再看。")
    status = 410


class TooLarge(LeyeError):
    """More bytes than allowed."""

    sentence = N_("文件太大，最多 {limit_mb} MB。请分成几个文件上传。")
    status = 413


class TooManyAttempts(LeyeError):
    """Throttled; may be tried again after `seconds`."""

    sentence = N_("试的次数太多，请过 {seconds} 秒再试。")
    status = 429


class Unavailable(LeyeError):
    """A part of the installation doesn't answer."""

    sentence = N_("系统的一部分暂时没有回应。请过一分钟再试；已提交的内容都在。")
    status = 503


class FieldsRefused(Refused):
    """Several fields need a change: `problems` maps a field's name to a sentence."""

    sentence = N_("有 {count} 处要改。")

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(count=len(problems))
        self.problems = problems


class MoveNotAllowed(Conflict):
    """A state may not follow another; the tables of moves stand in each feature's rules.py.

    The API's answer has the two states as `current` and `wanted`.
    """

    sentence = N_("情况已经变了，这一步现在不能做。请刷新页面，再看一次。")
    members = ("current", "wanted")
