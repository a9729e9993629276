"""What a partner pays per unit and what people earn per answer: rows with a date of effect."""

import re
import unicodedata
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.billing.rules import RateTooFine, rate_in_micros
from leye_platform.projects.errors import PriceInThePast, RateMissing, RateRefused
from leye_platform.projects.models import Batch, PayRate, PriceCard, Project
from leye_platform.projects.rules import PaidWork, rate_on

HIGHEST_RATE = 1_000_000
_RATE = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")


def exact_rate(text: str) -> Decimal:
    """A price or pay as an exact decimal; full-width figures of a Chinese keyboard count as the plain ones.

    Raises RateRefused, RateMissing.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        raise RateMissing(rate="")
    if len(plain) > 40 or not _RATE.fullmatch(plain):
        raise RateRefused(rate=text[:40])
    rate = Decimal(plain)
    try:
        rate_in_micros(rate)
    except RateTooFine:
        raise RateRefused(rate=text[:40]) from None
    if rate > HIGHEST_RATE:
        raise RateRefused(rate=text[:40])
    return rate


def set_price(
    session: Session, actor: Actor, project: Project, unit_price: Decimal, *, valid_from: datetime, now: datetime
) -> PriceCard:
    """A price from a date on; never back into a time that batches were opened in.

    Where that price holds at that date anyhow, nothing more happens; a price from exactly the same moment is
    replaced. Raises PriceInThePast.
    """
    session.get_one(Project, project.id, with_for_update={"key_share": True})
    opened = session.scalar(select(func.max(Batch.opened_at)).where(Batch.project_id == project.id))
    if opened is not None and valid_from <= opened:
        raise PriceInThePast
    cards = session.scalars(select(PriceCard).where(PriceCard.project_id == project.id)).all()
    card = rate_on(cards, valid_from)
    if card is not None and card.unit_price == unit_price:
        return card
    if card is not None and card.valid_from == valid_from:
        card.unit_price = unit_price
    else:
        card = PriceCard(
            project_id=project.id,
            unit_price=unit_price,
            valid_from=valid_from,
            created_at=now,
            created_by=actor.person_id,
        )
        session.add(card)
    session.flush()
    detail = {"unit_price": format(unit_price, "f"), "valid_from": valid_from.isoformat()}
    record(session, at=now, person_id=actor.person_id, action="project.price", subject_id=project.id, **detail)
    return card


def set_pay(
    session: Session, actor: Actor, project: Project, work: PaidWork, rate: Decimal, *, now: datetime
) -> PayRate:
    """What an answer or a review pays from now on. Where it pays that already, nothing more happens."""
    session.get_one(Project, project.id, with_for_update={"key_share": True})
    rates = session.scalars(select(PayRate).where(PayRate.project_id == project.id, PayRate.work == work)).all()
    row = rate_on(rates, now)
    if row is not None and row.rate == rate:
        return row
    if row is not None and row.valid_from == now:
        row.rate = rate
    else:
        row = PayRate(
            project_id=project.id, work=work, rate=rate, valid_from=now, created_at=now, created_by=actor.person_id
        )
        session.add(row)
    session.flush()
    detail = {"work": work.value, "rate": format(rate, "f")}
    record(session, at=now, person_id=actor.person_id, action="project.pay", subject_id=project.id, **detail)
    return row
