"""Absolute addresses from the base URL, for letters, feeds and the command line. A test holds them against the url_map.

Pages use `url_for`; nothing here needs a request.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Links:
    """Addresses under one base URL (without a slash at its end)."""

    base: str

    def home(self) -> str:
        return f"{self.base}/"

    def imprint(self) -> str:
        return f"{self.base}/imprint"

    def privacy(self) -> str:
        return f"{self.base}/privacy"

    def accessibility(self) -> str:
        return f"{self.base}/accessibility"

    def me(self) -> str:
        return f"{self.base}/me/"

    def devices(self) -> str:
        """Where a member sees on which devices they are signed in."""
        return f"{self.base}/me/devices"

    def data(self) -> str:
        """Where a member takes a copy of their data."""
        return f"{self.base}/me/data"

    def second_factor(self) -> str:
        """Where a member sets a second factor."""
        return f"{self.base}/me/second-factor"

    def keys(self) -> str:
        """Where a member adds and removes ways of signing in."""
        return f"{self.base}/me/keys"

    def meeting(self, path: str) -> str:
        return f"{self.base}/meetings/{quote(path)}"

    def picture(self, path: str, language: str) -> str:
        """The preview picture of a meeting's page."""
        return f"{self.meeting(path)}/preview.png?lang={language}"

    def answer(self, token: str, choice: str | None = None) -> str:
        query = f"?{urlencode({'answer': choice})}" if choice else ""
        return f"{self.base}/answer/{token}{query}"

    def undo(self, token: str) -> str:
        """Where an answer that came by mail is taken back."""
        return f"{self.base}/undo/{token}"

    def unsubscribe(self, token: str) -> str:
        return f"{self.base}/unsubscribe/{token}"

    def sign_in(self, token: str) -> str:
        return f"{self.base}/sign-in/{token}"

    def confirm(self, token: str) -> str:
        """Where an application or a coordinator's invitation is confirmed."""
        return f"{self.base}/join/{token}"

    def address(self, token: str) -> str:
        """Where a new address is confirmed."""
        return f"{self.base}/address/{token}"

    def objection(self, token: str) -> str:
        """Where the former address objects to the new one."""
        return f"{self.base}/objection/{token}"

    def pack(self, token: str) -> str:
        """The page of a meeting's host or caterer."""
        return f"{self.base}/pack/{token}"

    def speaking(self, token: str) -> str:
        """The page of a speaker or host."""
        return f"{self.base}/speaking/{token}"

    def coordinate(self) -> str:
        return f"{self.base}/coordinate/"

    def coordinate_meeting(self, meeting_id: int) -> str:
        return f"{self.base}/coordinate/meetings/{meeting_id}"

    def coordinate_applications(self) -> str:
        return f"{self.base}/coordinate/applications"

    def log_of_member(self, member_id: int) -> str:
        return f"{self.base}/coordinate/people/{member_id}/log"

    def calendar(self, secret: str) -> str:
        return f"{self.base}/calendar/{secret}.ics"
