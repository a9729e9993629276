"""Who takes part: an account for each role, a crowd of varied skill, and passwords that need no storing."""

import hashlib
import hmac
import random
from dataclasses import dataclass
from enum import StrEnum

DOMAIN = "demo.example"
PARTNER = "演示合作企业"
BASE = "演示基地"
OFFICE = {
    "admin": "石磊",
    "coordinator": "何静",
    "finance": "钱敏",
    "leader": "马兰",
    "reviewer": "丁宁",
    "partner-admin": "周航",
    "partner-qa": "沈悦",
    "partner-finance": "卢洁",
    "partner-engineer": "高远",
}
"""One account of each role but annotators, by display name; nobody real."""
SURNAMES, GIVEN = (
    "王李张刘陈杨赵黄吴徐孙朱胡",
    ("芳", "伟", "秀英", "强", "丽", "建国", "敏", "军", "玉兰", "涛", "燕", "平"),
)


class Manner(StrEnum):
    """How a simulated annotator works."""

    CAREFUL = "careful"
    ORDINARY = "ordinary"
    HURRIED = "hurried"
    SPAMMER = "spammer"


ACCURACY = {Manner.CAREFUL: (0.88, 0.93), Manner.ORDINARY: (0.80, 0.87), Manner.HURRIED: (0.68, 0.76)}


@dataclass(frozen=True)
class Account:
    """An account of the demo."""

    role: str
    email: str
    name: str
    password: str


@dataclass(frozen=True)
class SimulatedAnnotator:
    """An account with a way of working. `accuracy` is the chance of the true label; a spammer has none."""

    account: Account
    manner: Manner
    accuracy: float


def password_for(secret: str, email: str) -> str:
    """A password that the same installation can derive again, and nobody else."""
    return hmac.new(secret.encode(), email.encode(), hashlib.sha256).hexdigest()[:16]


def office(secret: str) -> list[Account]:
    """One account for each role beside the annotators."""
    return [_account(role, f"{role}@{DOMAIN}", name, secret) for role, name in OFFICE.items()]


def crowd(secret: str, size: int, seed: int) -> list[SimulatedAnnotator]:
    """`size` annotators of varied skill: about a third careful, a third hurried, one constant spammer."""
    people = []
    for number in range(1, size + 1):
        manner = Manner.SPAMMER if number == size else list(ACCURACY)[(number - 1) % 3]
        low, high = ACCURACY.get(manner, (0.0, 0.0))
        draw = random.Random(f"{seed}:annotator:{number}")
        account = _account("annotator", f"annotator-{number:02}@{DOMAIN}", annotator_name(number), secret)
        people.append(SimulatedAnnotator(account, manner, draw.uniform(low, high)))
    return people


def annotator_name(number: int) -> str:
    """The display name of the annotator with this number, from 1 on; no two have the same."""
    name = SURNAMES[(number - 1) % len(SURNAMES)] + GIVEN[(number - 1) % len(GIVEN)]
    again = (number - 1) // (len(SURNAMES) * len(GIVEN))
    return f"{name} {again + 1}" if again else name


def _account(role: str, email: str, name: str, secret: str) -> Account:
    return Account(role, email, name, password_for(secret, email))
