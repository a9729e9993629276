"""Commands on accounts: user add, user password, token new."""

from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show

Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]
Password = Annotated[str | None, typer.Option(help="One is made and printed where none is given.")]


def register(app: typer.Typer) -> None:
    user = typer.Typer(help="Accounts.", no_args_is_help=True)
    user.command()(add)
    user.command()(password)
    app.add_typer(user, name="user")
    token = typer.Typer(help="Tokens for scripts.", no_args_is_help=True)
    token.callback()(lambda: None)  # a group even with one command
    token.command()(new)
    app.add_typer(token, name="token")


def add(
    email: Email,
    role: Annotated[str, typer.Option(help="admin, coordinator, annotator, partner-admin …")],
    organisation: Annotated[str | None, typer.Option(help="By name; made where it is missing.")] = None,
    password: Password = None,
    name: Annotated[str | None, typer.Option(help="What others see.")] = None,
    staff_number: Annotated[str | None, typer.Option(help="A number to sign in by.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person, or one more role of a person; the operator's organisation where none is named."""
    from leye_platform.accounts.service.people import add_user
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    with opened(read_settings()) as installation, installation.database.write() as session:
        person, given = add_user(
            session,
            email,
            role,
            organisation,
            password,
            installation.clock.now(),
            name=name,
            staff_number=staff_number,
        )
        result = {"email": person.email, "role": role, "number": person.number}
    made = {"password": given} if given and password is None else {}
    show(result | made, as_json=as_json)


def password(email: Email, password: Password = None, as_json: AsJson = False) -> None:
    """Set a person's password; their sign-ins end."""
    from leye_platform.accounts.service.people import set_user_password
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    with opened(read_settings()) as installation, installation.database.write() as session:
        given = set_user_password(session, email, password, installation.clock.now())
    show({"email": email} | ({"password": given} if password is None else {}), as_json=as_json)


def new(
    email: Email,
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    as_json: AsJson = False,
) -> None:
    """Make a token; it is printed once, alone, and kept as a hash."""
    from leye_platform.accounts.service.api_tokens import issue_token
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    with opened(read_settings()) as installation, installation.database.write() as session:
        token = issue_token(session, email, name, installation.clock.now())
    if as_json:
        show({"token": token}, as_json=True)
    else:
        print(token)
