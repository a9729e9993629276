"""A person's script at the site's API: patient with a server that is away, never answering twice."""

import time
from typing import Any

import httpx

from leye_workers.demo.people import Account
from leye_workers.refusals import CommandRefused

PATIENCE_SECONDS = 120.0
AWAY = frozenset({502, 503, 504})


class DemoStopped(CommandRefused):
    """The server refused something that the main job needs, or stayed away for too long."""


class Client:
    """Signed in by password; a request is repeated while the server is away, so it must be idempotent."""

    def __init__(self, base_url: str, account: Account) -> None:
        self.account = account
        headers = {"User-Agent": "leye-demo-crowd"}
        self.http = httpx.Client(base_url=base_url, timeout=60, headers=headers, trust_env=False)
        self.sign_in()

    def sign_in(self) -> None:
        """Open a session of one's own.

        Raises DemoStopped.
        """
        body = {"email": self.account.email, "password": self.account.password}
        answer = self._patiently("POST", "/api/v1/sessions", json=body)
        if answer.status_code != httpx.codes.CREATED:
            raise DemoStopped(
                f"{self.account.email} could not sign in ({answer.status_code} {answer.text[:200]}): "
                "where its password was changed, `leye user password` sets it, or LEYE_DATA_DIR names a new folder"
            )
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        self.http.cookies.clear()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, if it is 2xx.

        Raises DemoStopped.
        """
        return self._granted(method, path, self._patiently(method, path, **request))

    def attempt(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """The answer, if it is 2xx; None where it got lost: the caller looks what has become of the request.

        Raises DemoStopped.
        """
        try:
            answer = self.http.request(method, path, **request)
        except httpx.TransportError:
            return None
        return None if answer.status_code in AWAY else self._granted(method, path, answer)

    def get(self, path: str, **request: Any) -> Any:
        """What is at a path."""
        return self.call("GET", path, **request).json()

    def post(self, path: str, body: object = None) -> Any:
        """What the server says to a body."""
        answer = self.call("POST", path, json=body)
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Let go of the connection."""
        self.http.close()

    def _granted(self, method: str, path: str, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        raise DemoStopped(f"{method} {path} as {self.account.email}: {answer.status_code} {answer.text[:300]}")

    def _patiently(self, method: str, path: str, **request: Any) -> httpx.Response:
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.1
        while True:
            try:
                answer = self.http.request(method, path, **request)
                if answer.status_code not in AWAY:
                    return answer
                problem = f"{answer.status_code}"
            except httpx.TransportError as error:
                problem = type(error).__name__
            if time.monotonic() > deadline:
                raise DemoStopped(f"{method} {path}: the server stayed away ({problem})")
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
