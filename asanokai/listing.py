"""What commands list: each thing's facts as `--json` gives them, its line in a pipe, its columns at a terminal.

The facts' names and the lines are promises; the columns are not. Nothing is looked up or printed here.
"""

from typing import Any

from asanokai.importing import Verdict
from asanokai.invitations import Forecast
from asanokai.letters import Letter
from asanokai.tables import Column

Facts = dict[str, Any]

VERDICTS = (
    Column("row", "ROW"),
    Column("verdict", "VERDICT", colours={"new": "green", "changed": "cyan", "duplicate": "yellow", "bad": "red"}),
    Column("name", "NAME", words=True),
    Column("reason", "REASON", words=True),
)
LETTERS = (
    Column("number", "NUMBER"),
    Column("state", "STATE", colours={"sent": "green", "dropped": "yellow", "failed": "red", "bounced": "red"}),
    Column("kind", "KIND"),
    Column("member", "MEMBER"),
    Column("due_at", "DUE (UTC)"),
    Column("words", "REASON", words=True),
)
FORECAST = (
    Column("due_at", "DUE (UTC)"),
    Column("kind", "KIND"),
    Column("meeting", "MEETING"),
    Column("readers", "READERS"),
    Column("others", "LEFT OUT", words=True),
)


def of_verdict(verdict: Verdict) -> Facts:
    """What becomes of a row of an office's file."""
    return {
        "row": verdict.row,
        "verdict": verdict.verdict,
        "name": verdict.name,
        "address": verdict.address or None,
        "reason": _one_line(verdict.words()),
    }


def verdict_line(row: Facts) -> str:
    """ROW VERDICT REASON, whatever stands in the row's cells."""
    return f"{row['row']} {row['verdict']} {row['reason']}".rstrip()


def of_letter(letter: Letter) -> Facts:
    """A letter, without who reads it but for the member's number."""
    same = ("state", "kind", "due_at", "attempts", "sent_at", "settled_at", "reason", "server_words")
    who = {"number": letter.id, "member": letter.member_id, "meeting": letter.meeting_id}
    return {**who, **{name: getattr(letter, name) for name in same}}


def letter_row(facts: Facts) -> Facts:
    """With what is to be said of it, in one line: a mail server may say several."""
    return {**facts, "words": _one_line(facts["reason"] or facts["server_words"] or "")}


def letter_line(row: Facts) -> str:
    """Number, state, kind, member, due, reason or the server's words."""
    who = row["member"] or "-"
    return f"{row['number']} {row['state']} {row['kind']} {who} {row['due_at'].isoformat()} {row['words']}".rstrip()


def of_forecast(line: Forecast) -> Facts:
    """What goes out to a meeting's readers at a moment, and how many get none for which reason."""
    same = ("due_at", "kind", "step", "readers", "left_out")
    return {"meeting": line.meeting.path, **{name: getattr(line, name) for name in same}}


def forecast_row(facts: Facts) -> Facts:
    """With the reasons in words."""
    reasons = sorted(facts["left_out"].items())
    return {**facts, "others": "; ".join(f"{count} {reason}" for reason, count in reasons)}


def forecast_line(row: Facts) -> str:
    """Due, kind, meeting, how many readers, who is left out."""
    what = f"{row['due_at'].isoformat()} {row['kind']} {row['meeting']} {row['readers']} readers"
    return f"{what}  {row['others']}".rstrip()


INTAKE = (
    Column("file", "FILE"),
    Column("verdict", "VERDICT", colours={"new": "green", "seen before": "cyan", "refused": "red"}),
    Column("words", "WHAT CAME OF IT", words=True),
)

CAME_OF_IT = {
    "answered": "the answer was entered",
    "unchanged": "the answer stood already",
    "older": "a newer answer stands",
    "waiting list": "the meeting is full; entered on the waiting list",
    "refused": "the answer was refused",
    "asked back": "the member is asked to confirm the answer",
    "counter": "another time is proposed; a coordinator decides",
    "delegated": "another person is proposed; a coordinator decides",
    "bounce": "a letter of ours did not arrive",
    "complaint": "a complaint about a letter of ours",
    "delay": "a letter of ours is delayed",
    "automatic": "an automatic reply; nothing follows from it",
    "unsubscribed": "unsubscribed",
    "own": "a letter of ours came back; nothing follows from it",
    "nothing": "there is nothing in it to do",
    "message": "a message to the organisers",
    "unclear": "an answer that nobody can be sure of; a person must look",
    "too much": "larger than is read; a person must look",
    "failed": "it could not be taken in; a person must look",
}
"""What an outcome of a mail says to whoever reads a command's lines."""


def intake_row(facts: Facts) -> Facts:
    """With what came of it in words: the outcome, the rule's reason, whom it concerned."""
    words = CAME_OF_IT.get(facts["outcome"], facts["outcome"] or "")
    if facts["state"] == "waiting":
        words = "it waits and is tried again"
    about = [f"{name} {facts[name]}" for name in ("member", "meeting") if facts[name] is not None]
    reason = _one_line(facts["reason"] or "")
    parts = [part for part in (words, reason, ", ".join(about)) if part]
    return {**facts, "words": "; ".join(parts)}


def intake_line(row: Facts) -> str:
    """File, verdict, what came of it."""
    return f"{row['file']} {row['verdict']}: {row['words']}".rstrip()


def _one_line(words: str) -> str:
    return " ".join(words.split())
