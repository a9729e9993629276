"""Mail: handed in step by step, so that what breaks is known to be sent, not sent, or unsure."""

from uuid import uuid4

import pytest

from leye_platform.notices.channel import ChannelAway, MaybeSent, PutOff, SendRefused
from leye_platform.notices.mail import MailChannel, mail_channel
from leye_platform.notices.mail_server import MailServer, Tls
from leye_platform.settings import Settings, SettingsRefused, read_settings
from support.clock import MovableClock
from support.post_office import post_office
from support.servers import free_port


def channel(url: str) -> MailChannel:
    return MailChannel(MailServer.parse(url), "leye@leye.example", MovableClock())


def test_a_message_is_plain_text_with_a_name_that_stays() -> None:
    reference = uuid4()
    with post_office() as office:
        channel(office.url).send("a@firm.example", "乐业：账单开好了", "账单开好了。\n.一行\n", reference=reference)
        [message] = office.messages
    assert message["Subject"] == "乐业：账单开好了"
    assert message["Message-ID"] == f"<{reference}@leye.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["账单开好了。", ".一行"]


def test_a_server_that_asks_who_one_is_is_told() -> None:
    with post_office(sign_in=True) as office:
        url = office.url.replace("smtp://", "smtp://leye:p%40ss@")
        channel(url).send("a@firm.example", "s", "t", reference=uuid4())
        assert office.signed_in == ["leye:p@ss"]
        with pytest.raises(ChannelAway, match="535"):
            channel(url.replace("p%40ss", "wrong")).send("a@firm.example", "s", "t", reference=uuid4())
        assert len(office.messages) == 1


@pytest.mark.parametrize(("answer", "outcome"), [("550 no such mailbox", SendRefused), ("451 come back later", PutOff)])
def test_what_the_receivers_server_says_decides(answer: str, outcome: type[Exception]) -> None:
    with post_office() as office:
        office.answers["a@firm.example"] = answer
        with pytest.raises(outcome, match=answer[:3]):
            channel(office.url).send("a@firm.example", "s", "t", reference=uuid4())
        office.answers.clear()
        office.at_the_end = answer
        with pytest.raises(outcome):
            channel(office.url).send("a@firm.example", "s", "t", reference=uuid4())


def test_a_line_that_breaks_before_the_answer_leaves_it_unsure() -> None:
    with post_office() as office:
        office.hangs_up_at_the_end = True
        with pytest.raises(MaybeSent):
            channel(office.url).send("a@firm.example", "s", "t", reference=uuid4())


def test_a_server_that_is_away_has_taken_nothing() -> None:
    with pytest.raises(ChannelAway, match=r"127\.0\.0\.1"):
        channel(f"smtp://127.0.0.1:{free_port()}?tls=none").check()


def test_the_connection_is_never_open_where_tls_is_asked_for() -> None:
    with post_office() as office, pytest.raises(ChannelAway):
        channel(office.url.replace("none", "starttls")).send("a@firm.example", "s", "t", reference=uuid4())


def test_a_url_says_where_and_how() -> None:
    assert MailServer.parse("smtp://leye:p%40ss@mail.example") == MailServer(
        "mail.example", 587, Tls.STARTTLS, "leye", "p@ss"
    )
    assert MailServer.parse("smtp://mail.example?tls=always").port == 465
    assert MailServer.parse("smtp://mail.example:2525?tls=none").port == 2525


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://m/path", "smtp://m?tls=no", "smtp://m?x=1"]
)
def test_settings_say_what_is_wrong_and_never_the_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEYE_MAIL_URL", url)
    with pytest.raises(SettingsRefused, match=r"LEYE_MAIL_URL (must be like|takes only)"):
        read_settings()
    monkeypatch.setenv("LEYE_MAIL_URL", "smtp://u:secret@m?tls=no")
    with pytest.raises(SettingsRefused) as refused:
        read_settings()
    assert "secret" not in str(refused.value)


def test_without_a_url_there_is_no_mail() -> None:
    assert mail_channel(Settings(), MovableClock()) is None
    made = mail_channel(Settings(mail_url="smtp://m", base_url="https://leye.example.org"), MovableClock())
    assert made is not None
    assert made.sender == "leye@leye.example.org"
    with pytest.raises(ValueError, match="must be an address"):
        Settings(mail_from="nobody")
