"""What coordinators write themselves: a letter of their own to those a meeting concerns, a paragraph in a letter of the
plan, a nudge to the silent, a test to themselves. And the forecast of both, the plan's letters and their own.

A letter of one's own is planned as the plan's are: one INSERT … SELECT at its time, so that its audience is that of the
moment. It lays out no letter and sends none.
"""

from asanokai.writing.forecasting import Slot, ahead, forecast, lines
from asanokai.writing.messages import (
    AUDIENCES,
    KINDS,
    LONGEST,
    LONGEST_SUBJECT,
    Message,
    Said,
    by_id,
    by_ids,
    counted,
    draft,
    due,
    fates,
    left_out,
    of_meeting,
    plan,
    queue,
    said,
    withdraw,
)
from asanokai.writing.nudging import RECENTLY, Silent, could_be_nudged, nudge, silent
from asanokai.writing.paragraphs import Paragraph, of_letters, paragraph, put, with_paragraph
from asanokai.writing.trying import concerns, send_test
from asanokai.writing.usual import SAMPLE, THANKS

__all__ = [
    "AUDIENCES",
    "KINDS",
    "LONGEST",
    "LONGEST_SUBJECT",
    "RECENTLY",
    "SAMPLE",
    "THANKS",
    "Message",
    "Paragraph",
    "Said",
    "Silent",
    "Slot",
    "ahead",
    "by_id",
    "by_ids",
    "concerns",
    "could_be_nudged",
    "counted",
    "draft",
    "due",
    "fates",
    "forecast",
    "left_out",
    "lines",
    "nudge",
    "of_letters",
    "of_meeting",
    "paragraph",
    "plan",
    "put",
    "queue",
    "said",
    "send_test",
    "silent",
    "with_paragraph",
    "withdraw",
]
