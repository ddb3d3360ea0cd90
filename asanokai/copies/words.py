"""The codes in a copy in words for its pages; `data.json` keeps the codes. `tests/test_copy_pages.py` holds what the
pages of the house say of the same codes against these."""

from asanokai.errors import N_
from asanokai.history import CHANGED, SENTENCES

LETTERS = {
    "invite": N_("Invitation"),
    "remind": N_("Reminder"),
    "confirm": N_("Confirmation"),
    "acknowledged": N_("Reply understood"),
    "waiting": N_("Waiting list"),
    "seat": N_("Seat given"),
    "offer": N_("Seat offered"),
    "free": N_("Seat free for anyone"),
    "answered": N_("Answered from an unknown calendar"),
    "ask_back": N_("Answer to be confirmed"),
    "not_taken": N_("Answer not recorded"),
    "lapsed": N_("Tentative seat released"),
    "moved": N_("Change of time or place"),
    "changed": N_("Changed details"),
    "cancelled": N_("Cancellation"),
    "parted": N_("Taken out of the calendar"),
    "eve": N_("Evening-before note"),
    "nudge": N_("Nudge"),
    "own": N_("Letter of your own"),
    "thanks": N_("Thanks"),
    "test": N_("Test to yourself"),
    "sign_in": N_("Sign-in link"),
    "keys": N_("Change of how you sign in"),
    "opt_in": N_("Confirmation of the address"),
    "join": N_("Invitation to join"),
    "welcome": N_("Welcome"),
    "declined": N_("Refusal"),
    "application": N_("New application"),
    "digest": N_("Daily digest"),
    "alert": N_("News shortly before a meeting"),
    "pack": N_("Page for host or caterer"),
    "catering_change": N_("New numbers for the caterer"),
    "speaker": N_("Request to a speaker or host"),
    "speaker_remind": N_("Reminder to a speaker or host"),
    "reply": N_("Reply to a mail"),
    "second_factor": N_("Second factor"),
    "copy_ready": N_("Copy of the data ready"),
    "erased_soon": N_("Deletion announced"),
    "new_device": N_("Sign-in on a new device"),
    "address_confirm": N_("Confirmation of the new address"),
    "address_taken": N_("Address given by somebody else"),
    "address_changed": N_("Address changed"),
    "address_objected": N_("Objection to a change of address"),
}
"""Kinds of letters."""

OUTCOMES = {
    "answered": N_("An answer, entered"),
    "unchanged": N_("The answer that stood already"),
    "older": N_("An answer, but a newer one stands already"),
    "waiting list": N_("An acceptance, now on the waiting list"),
    "refused": N_("An answer that a rule refused"),
    "asked back": N_("An answer that the member is asked to confirm"),
    "counter": N_("Another time was proposed"),
    "delegated": N_("Another person was proposed"),
    "bounce": N_("A letter came back"),
    "complaint": N_("A letter was marked as spam"),
    "delay": N_("A letter is delayed"),
    "automatic": N_("An automatic reply"),
    "unsubscribed": N_("The invitations were ended"),
    "own": N_("A letter of ours that came back by itself"),
    "nothing": N_("Nothing to do"),
    "message": N_("A message to the organisers"),
    "unclear": N_("An answer that nobody can be sure of"),
    "too much": N_("Too large to be read"),
    "failed": N_("Could not be taken in"),
}
"""What became of a mail that came."""

WISHES = {
    "invite": N_("Invitations"),
    "remind": N_("Reminders"),
    "eve": N_("Evening-before notes"),
    "own": N_("Letters from the organisers"),
    "thanks": N_("Thanks and materials"),
    "digest": N_("Daily digest"),
    "application": N_("New applications"),
}
"""The switches of letters."""

LETTER_STATES = {
    "queued": N_("waits to be sent"),
    "claimed": N_("is being sent"),
    "sent": N_("sent"),
    "failed": N_("failed"),
    "dropped": N_("not sent"),
    "bounced": N_("came back"),
}
"""What became of a letter."""

HAPPENINGS = {
    "postponed": N_("put off by the mail server"),
    "refused": N_("refused by the mail server"),
    "failed": N_("failed"),
    "bounced": N_("came back"),
    "delayed": N_("on its way, but late"),
    "complained": N_("marked as spam by its reader"),
    "released": N_("taken up anew: whoever was sending it stopped"),
    "retried": N_("sent again by the organisers"),
}
"""What happened to a letter on its way."""

CAME_BACK = {
    "unknown": N_("there is no mailbox of that name"),
    "permanent": N_("the address does not work"),
}
"""Why an address is not written to any more."""

REASONS = {
    "not a member any more": N_("not a member any more"),
    "erased": N_("deleted at their own wish"),
    "was due when the backup was restored; look whether it went out, and send it again if not": N_(
        "was due when the backup was restored; look whether it went out, and send it again if not"
    ),
    "unsubscribed": N_("has ended the invitations"),
    "switched off": N_("does not want this kind of letter"),
    "no address": N_("has no mail address"),
    "not an address of theirs any more": N_("not an address of theirs any more"),
    "address suppressed": N_("letters to this address came back"),
    "has it already": N_("has it already"),
    "not invited": N_("was not invited"),
    "has answered": N_("has answered"),
    "invited too late": N_("was invited after this moment"),
    "announced too late": N_("the meeting was announced after this moment"),
    "has no seat": N_("has no seat"),
    "missed": N_("too late: nothing was being sent at its time"),
    "the meeting was cancelled": N_("the meeting was cancelled"),
    "the meeting was moved": N_("the meeting was moved"),
    "overtaken by a later change": N_("overtaken by a later change"),
    "takes part again": N_("takes part again"),
    "the copy is gone": N_("the copy is gone"),
    "overtaken by a later answer": N_("overtaken by a later answer"),
    "overtaken by a later application": N_("overtaken by a later application"),
    "the link was withdrawn": N_("the link was withdrawn"),
    "is not asked any more": N_("is not asked any more"),
    "nothing to say": N_("there was nothing to say"),
    "refused too often": N_("the mail server put it off too often"),
    "refused by the server": N_("the mail server refused it"),
    "there is no such mailbox": N_("there is no such mailbox"),
    "the address does not work": N_("the address does not work"),
    "the mailbox is full": N_("the mailbox is full"),
    "could not be delivered": N_("could not be delivered"),
    "refused as a matter of policy": N_("refused as a matter of policy"),
    "withdrawn": N_("withdrawn by the organisers"),
    "could not be composed": N_("could not be written; see the program's log"),
}
"""Why a letter was not sent."""

ANSWERS = {
    "yes": N_("Yes"),
    "maybe": N_("Maybe"),
    "no": N_("No"),
    "invited": N_("No answer"),
}
"""What somebody said."""

BY = {
    "page": N_("on the meeting's page"),
    "link": N_("by the link in a letter"),
    "calendar": N_("from the calendar"),
    "reply": N_("by a reply to a letter"),
    "coordinator": N_("by the organisers"),
    "deputy": N_("by a deputy"),
    "colleague": N_("by a colleague who passed the seat on"),
    "program": N_("by the program"),
}
"""By what way an answer came."""

DEPUTIES = {
    "deputy": N_("Deputy"),
    "assistant": N_("Assistant"),
}
"""Who answers for somebody."""

FILES = {
    "photo": N_("Photograph"),
    "slides": N_("Slides"),
    "material": N_("Material"),
}
"""What a file is."""

AUDIENCES = {
    "coming": N_("Those who come"),
    "waiting": N_("Those on the waiting list"),
    "maybe": N_("Those who said maybe"),
    "silent": N_("Those who are silent"),
    "all": N_("All who were invited or have answered"),
}
"""To whom a letter of one's own went."""

MESSAGE_STATES = {
    "draft": N_("Draft"),
    "queued": N_("Goes out by itself"),
    "posted": N_("Handed over"),
    "withdrawn": N_("Withdrawn"),
}
"""What became of a letter of one's own."""

STANDINGS = {
    "accepted": N_("member"),
    "applied": N_("invited or applied, not confirmed"),
    "confirmed": N_("waits for approval"),
    "left": N_("has left"),
}
"""What somebody is here."""

ROLES = {
    "member": N_("Member"),
    "coordinator": N_("Coordinator"),
}
"""What somebody is in a series."""

CONSENTS = {
    "invitations": N_("Invitations by mail"),
    "meeting": N_("Letters about one meeting"),
    "name": N_("Name in the members' directory"),
    "organisation": N_("Organisation in the members' directory"),
    "position": N_("Position in the members' directory"),
    "address": N_("Mail address in the members' directory"),
}
"""What was agreed to."""

CONSENT_ENDS = {
    "page": N_("on these pages"),
    "link": N_("by the link in a letter"),
    "mail": N_("by a mail to us"),
    "complaint": N_("by marking a letter as spam"),
    "left": N_("by leaving"),
}
"""How an agreement ended."""

MAIL_STATES = {
    "waiting": N_("not taken in yet"),
    "taken": N_("taken in"),
    "parked": N_("waits for the organisers"),
    "settled": N_("settled"),
}
"""How far a mail that came is."""

SEATS = {"held": N_("a seat is kept"), "offered": N_("a seat is offered"), "waiting": N_("waits for a seat")}

SALUTATIONS = {"frau": N_("Ms"), "herr": N_("Mr")}

ADDRESSES = {"main": N_("the main address"), "also": N_("another address, from which you write")}

CHANGES = {
    "asked": N_("asked for, not confirmed"),
    "dropped": N_("given up"),
    "made": N_("made"),
    "objected": N_("objected to, and undone"),
}
"""What became of a change of address."""

BOUNCES = {
    "unknown": N_("there is no mailbox of that name"),
    "permanent": N_("the address does not work"),
    "full": N_("the mailbox is full"),
    "temporary": N_("could not be delivered for the time being"),
    "policy": N_("refused as a matter of policy"),
    "complaint": N_("marked as spam by its reader"),
}
"""What came back from an address."""

APPLICATIONS = {
    "applied": N_("not confirmed"),
    "confirmed": N_("waits for approval"),
    "approved": N_("approved"),
    "declined": N_("declined"),
}

WAYS = {
    "link": N_("by a link in a letter"),
    "password": N_("by the password"),
    "passkey": N_("by a passkey"),
    "provider": N_("by an account elsewhere"),
    "before": N_("before devices were listed"),
}
"""How somebody signed in."""

PROPOSALS = {
    "open": N_("open"),
    "chosen": N_("chosen"),
    "merged": N_("merged with another"),
    "declined": N_("declined"),
    "withdrawn": N_("withdrawn"),
}

CONTRIBUTORS = {"speaker": N_("Speaker"), "host": N_("Host")}

WORDS = {
    ("person", "standing"): STANDINGS,
    ("person", "salutation"): SALUTATIONS,
    ("addresses", "kind"): ADDRESSES,
    ("addresses", "reason"): BOUNCES,
    ("address_changes", "state"): CHANGES,
    ("belongings", "role"): ROLES,
    ("answers", "answer"): ANSWERS,
    ("answers", "seat"): SEATS,
    ("answers", "by"): BY,
    ("letters", "kind"): LETTERS,
    ("letters", "state"): LETTER_STATES,
    ("letters", "reason"): REASONS,
    ("letter_events", "what"): HAPPENINGS,
    ("bounces", "sort"): BOUNCES,
    ("mails", "state"): MAIL_STATES,
    ("mails", "outcome"): OUTCOMES,
    ("switched_off", "kind"): WISHES,
    ("applications", "state"): APPLICATIONS,
    ("applications", "answer"): ANSWERS,
    ("consents", "kind"): CONSENTS,
    ("consents", "ended_by"): CONSENT_ENDS,
    ("deputies", "kind"): DEPUTIES,
    ("devices", "by"): WAYS,
    ("proposals", "state"): PROPOSALS,
    ("contributions", "kind"): CONTRIBUTORS,
    ("contributions", "salutation"): SALUTATIONS,
    ("files", "kind"): FILES,
    ("messages", "kind"): LETTERS,
    ("messages", "audience"): AUDIENCES,
    ("messages", "state"): MESSAGE_STATES,
}
"""Part and column → the codes that stand there."""

WITHOUT_NAMES = {
    ("answer", "rsvp"): N_("An answer to an invitation"),
    ("take back", "rsvp"): N_("An answer that came by mail was taken back"),
    ("seat", "rsvp"): N_("A seat given from the waiting list"),
    ("ask again", "rsvp"): N_("Asked again for an answer"),
    ("offer", "rsvp"): N_("A seat offered"),
    ("expire", "rsvp"): N_("The offer of a seat ran out"),
    ("wait again", "rsvp"): N_("Back on the waiting list"),
    ("lapse", "rsvp"): N_("A seat that was kept was given back"),
    ("set", "standing"): N_("Normally comes to a series"),
    ("end", "standing"): N_("Normally comes to a series no longer"),
    ("move up", "rsvp"): N_("Moved up"),
    ("pass on", "rsvp"): N_("A seat passed on"),
    ("take over", "rsvp"): N_("A seat taken over"),
    ("reply", "rsvp"): N_("Questions answered"),
    ("name guests", "rsvp"): N_("Guests named"),
    ("add", "meeting"): N_("Date added"),
    ("edit", "meeting"): N_("Meeting changed"),
    ("move", "meeting"): N_("Meeting moved"),
    ("ask again", "meeting"): N_("Everybody was asked again"),
    ("tell", "meeting"): N_("Letters about a change"),
    ("change", "series"): N_("Series changed"),
    ("join", "series"): N_("Joined a series"),
    ("part", "series"): N_("Taken off a series"),
    ("change", "member"): N_("Details changed"),
    ("mute", "member"): N_("Letters switched off"),
    ("unmute", "member"): N_("Letters switched on again"),
    ("freeze", "catering"): N_("Numbers for the caterer frozen"),
    ("tell", "catering"): N_("Told the caterer of new numbers"),
    ("read", "reply"): N_("Read what was replied about food"),
    ("read", "comment"): N_("Read what was written to the organisers"),
    ("prune", "journal"): N_("Old entries of the journal pruned"),
    ("remove", "retention"): N_("Old data removed"),
    ("change", "installation"): N_("Settings changed"),
}
"""What the journal's sentences say where a name, an answer or a number would stand: those are others' as well."""


def deed(verb: str, obj: str) -> str:
    """What an entry of the journal says, without whom."""
    return WITHOUT_NAMES.get((verb, obj)) or SENTENCES.get((verb, obj), CHANGED)
