"""What is done with accounts. What the command line calls stands here; the rest in its own file."""

from leye_platform.accounts.service.api_tokens import issue_token
from leye_platform.accounts.service.people import add_user, set_user_password

__all__ = ["add_user", "issue_token", "set_user_password"]
