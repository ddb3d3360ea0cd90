"""The program's codes in words: kinds and states of letters, reasons, verdicts. Raw codes never reach a reader.

A code without words here is a fault; a test holds these tables against the places that write the codes.
"""

from flask_babel import lazy_gettext

KINDS = {
    "invite": lazy_gettext("Invitation"),
    "remind": lazy_gettext("Reminder"),
    "confirm": lazy_gettext("Confirmation"),
    "acknowledged": lazy_gettext("Reply understood"),
    "waiting": lazy_gettext("Waiting list"),
    "seat": lazy_gettext("Seat given"),
    "offer": lazy_gettext("Seat offered"),
    "free": lazy_gettext("Seat free for anyone"),
    "answered": lazy_gettext("Answered from an unknown calendar"),
    "ask_back": lazy_gettext("Answer to be confirmed"),
    "not_taken": lazy_gettext("Answer not recorded"),
    "lapsed": lazy_gettext("Tentative seat released"),
    "moved": lazy_gettext("Change of time or place"),
    "changed": lazy_gettext("Changed details"),
    "cancelled": lazy_gettext("Cancellation"),
    "parted": lazy_gettext("Taken out of the calendar"),
    "eve": lazy_gettext("Evening-before note"),
    "nudge": lazy_gettext("Nudge"),
    "own": lazy_gettext("Letter of your own"),
    "thanks": lazy_gettext("Thanks"),
    "test": lazy_gettext("Test to yourself"),
    "sign_in": lazy_gettext("Sign-in link"),
    "keys": lazy_gettext("Change of how you sign in"),
    "opt_in": lazy_gettext("Confirmation of the address"),
    "join": lazy_gettext("Invitation to join"),
    "welcome": lazy_gettext("Welcome"),
    "declined": lazy_gettext("Refusal"),
    "application": lazy_gettext("New application"),
    "digest": lazy_gettext("Daily digest"),
    "alert": lazy_gettext("News shortly before a meeting"),
    "pack": lazy_gettext("Page for host or caterer"),
    "catering_change": lazy_gettext("New numbers for the caterer"),
    "speaker": lazy_gettext("Request to a speaker or host"),
    "speaker_remind": lazy_gettext("Reminder to a speaker or host"),
    "reply": lazy_gettext("Reply to a mail"),
    "second_factor": lazy_gettext("Second factor"),
    "copy_ready": lazy_gettext("Copy of the data ready"),
    "erased_soon": lazy_gettext("Deletion announced"),
    "new_device": lazy_gettext("Sign-in on a new device"),
    "address_confirm": lazy_gettext("Confirmation of the new address"),
    "address_taken": lazy_gettext("Address given by somebody else"),
    "address_changed": lazy_gettext("Address changed"),
    "address_objected": lazy_gettext("Objection to a change of address"),
}

MAILS = {
    "open": lazy_gettext("Waiting for you"),
    "message": lazy_gettext("Messages"),
    "unclear": lazy_gettext("Unclear answers"),
    "other": lazy_gettext("Other time or person"),
    "failed": lazy_gettext("Failures"),
    "taken": lazy_gettext("Taken in"),
    "all": lazy_gettext("All"),
}
"""What a list of mails that came can be narrowed to."""

MAIL_STATES = {
    "waiting": lazy_gettext("not taken in yet"),
    "taken": lazy_gettext("taken in"),
    "parked": lazy_gettext("waits for you"),
    "settled": lazy_gettext("settled"),
}

OUTCOMES = {
    "answered": lazy_gettext("An answer, entered"),
    "unchanged": lazy_gettext("The answer that stood already"),
    "older": lazy_gettext("An answer, but a newer one stands already"),
    "waiting list": lazy_gettext("An acceptance, now on the waiting list"),
    "refused": lazy_gettext("An answer that a rule refused"),
    "asked back": lazy_gettext("An answer that the member is asked to confirm"),
    "counter": lazy_gettext("Another time was proposed"),
    "delegated": lazy_gettext("Another person was proposed"),
    "bounce": lazy_gettext("A letter came back"),
    "complaint": lazy_gettext("A letter was marked as spam"),
    "delay": lazy_gettext("A letter is delayed"),
    "automatic": lazy_gettext("An automatic reply"),
    "unsubscribed": lazy_gettext("The invitations were ended"),
    "own": lazy_gettext("A letter of ours that came back by itself"),
    "nothing": lazy_gettext("Nothing to do"),
    "message": lazy_gettext("A message to the organisers"),
    "unclear": lazy_gettext("An answer that nobody can be sure of"),
    "too much": lazy_gettext("Too large to be read"),
    "failed": lazy_gettext("Could not be taken in"),
}
"""What became of a mail that came."""

TO_DO = {
    "message": lazy_gettext("Please read it. Reply if that is needed, or enter the answer that it gives."),
    "unclear": lazy_gettext("Please read it and enter the answer, or ask its sender."),
    "counter": lazy_gettext("The meeting stays as it is. Please reply, and enter whether this member comes."),
    "delegated": lazy_gettext("Nobody is invited by this. Please reply, or pass the seat on on the roll."),
    "refused": lazy_gettext("Please tell its sender how things stand."),
}
"""What a coordinator can do where the program says nothing itself."""

WISHES = {
    "invite": lazy_gettext("Invitations"),
    "remind": lazy_gettext("Reminders"),
    "eve": lazy_gettext("Evening-before notes"),
    "own": lazy_gettext("Letters from the organisers"),
    "thanks": lazy_gettext("Thanks and materials"),
    "digest": lazy_gettext("Daily digest"),
    "application": lazy_gettext("New applications"),
}
"""The switches of `members`: which letters somebody wants."""

WISHES_SAID = {
    "invite": lazy_gettext("to each new meeting, with the entry for your calendar"),
    "remind": lazy_gettext("as long as you have not answered"),
    "eve": lazy_gettext("before a meeting you come to"),
    "own": lazy_gettext("what they write to you about a meeting"),
    "thanks": lazy_gettext("after a meeting you came to"),
    "digest": lazy_gettext("in the morning, if there is something new in your series"),
    "application": lazy_gettext("as soon as somebody asks to take part"),
}

STATES = {
    "queued": lazy_gettext("waits to be sent"),
    "claimed": lazy_gettext("is being sent"),
    "sent": lazy_gettext("sent"),
    "failed": lazy_gettext("failed"),
    "dropped": lazy_gettext("not sent"),
    "bounced": lazy_gettext("came back"),
}

HAPPENINGS = {
    "postponed": lazy_gettext("put off by the mail server"),
    "refused": lazy_gettext("refused by the mail server"),
    "failed": lazy_gettext("failed"),
    "bounced": lazy_gettext("came back"),
    "delayed": lazy_gettext("on its way, but late"),
    "complained": lazy_gettext("marked as spam by its reader"),
    "released": lazy_gettext("taken up anew: whoever was sending it stopped"),
    "retried": lazy_gettext("sent again by the organisers"),
}
"""What happened to a letter beside what its state says."""

LIFE = {
    "written": lazy_gettext("Written down"),
    "claimed": lazy_gettext("Taken up for sending"),
    "sent": lazy_gettext("Handed to the mail server"),
    "answered": lazy_gettext("Answered"),
    "mail": lazy_gettext("A mail came"),
}
"""What stands in a letter's life beside what happened to it."""

CAME_BACK = {
    "unknown": lazy_gettext("there is no mailbox of that name"),
    "permanent": lazy_gettext("the address does not work"),
}
"""Why an address is no longer written to."""

REASONS = {
    "not a member any more": lazy_gettext("not a member any more"),
    "erased": lazy_gettext("deleted at their own wish"),
    "was due when the backup was restored; look whether it went out, and send it again if not": lazy_gettext(
        "was due when the backup was restored; look whether it went out, and send it again if not"
    ),
    "unsubscribed": lazy_gettext("has ended the invitations"),
    "switched off": lazy_gettext("does not want this kind of letter"),
    "no address": lazy_gettext("has no mail address"),
    "not an address of theirs any more": lazy_gettext("not an address of theirs any more"),
    "address suppressed": lazy_gettext("letters to this address came back"),
    "has it already": lazy_gettext("has it already"),
    "not invited": lazy_gettext("was not invited"),
    "has answered": lazy_gettext("has answered"),
    "invited too late": lazy_gettext("was invited after this moment"),
    "announced too late": lazy_gettext("the meeting was announced after this moment"),
    "has no seat": lazy_gettext("has no seat"),
    "missed": lazy_gettext("too late: nothing was being sent at its time"),
    "the meeting was cancelled": lazy_gettext("the meeting was cancelled"),
    "the meeting was moved": lazy_gettext("the meeting was moved"),
    "overtaken by a later change": lazy_gettext("overtaken by a later change"),
    "takes part again": lazy_gettext("takes part again"),
    "the copy is gone": lazy_gettext("the copy is gone"),
    "overtaken by a later answer": lazy_gettext("overtaken by a later answer"),
    "overtaken by a later application": lazy_gettext("overtaken by a later application"),
    "the link was withdrawn": lazy_gettext("the link was withdrawn"),
    "is not asked any more": lazy_gettext("is not asked any more"),
    "nothing to say": lazy_gettext("there was nothing to say"),
    "refused too often": lazy_gettext("the mail server put it off too often"),
    "refused by the server": lazy_gettext("the mail server refused it"),
    "there is no such mailbox": lazy_gettext("there is no such mailbox"),
    "the address does not work": lazy_gettext("the address does not work"),
    "the mailbox is full": lazy_gettext("the mailbox is full"),
    "could not be delivered": lazy_gettext("could not be delivered"),
    "refused as a matter of policy": lazy_gettext("refused as a matter of policy"),
    "withdrawn": lazy_gettext("withdrawn by the organisers"),
    "could not be composed": lazy_gettext("could not be written; see the program's log"),
}

ANSWERS = {
    "yes": lazy_gettext("Yes"),
    "maybe": lazy_gettext("Maybe"),
    "no": lazy_gettext("No"),
    "invited": lazy_gettext("No answer"),
}

BY = {
    "page": lazy_gettext("on the meeting's page"),
    "link": lazy_gettext("by the link in a letter"),
    "calendar": lazy_gettext("from the calendar"),
    "reply": lazy_gettext("by a reply to a letter"),
    "coordinator": lazy_gettext("by the organisers"),
    "deputy": lazy_gettext("by a deputy"),
    "colleague": lazy_gettext("by a colleague who passed the seat on"),
    "program": lazy_gettext("by the program"),
}
"""By what way an answer came."""

REPLIES = {
    "text": lazy_gettext("words"),
    "choice": lazy_gettext("one of several choices"),
    "number": lazy_gettext("a number"),
    "food": lazy_gettext("food: a choice, or words"),
}
"""The kinds of questions."""

AREAS = {
    "access": lazy_gettext("Signing in"),
    "authority": lazy_gettext("Who may do what"),
    "reading": lazy_gettext("Read and exported"),
    "consent": lazy_gettext("Consent and leaving"),
    "answers": lazy_gettext("Answers"),
    "members": lazy_gettext("Members"),
    "meetings": lazy_gettext("Meetings"),
    "letters": lazy_gettext("Letters"),
    "house": lazy_gettext("Settings and journal"),
}
"""The parts of the journal."""

DEPUTIES = {"deputy": lazy_gettext("Deputy"), "assistant": lazy_gettext("Assistant")}

PARTS = {
    "coming": lazy_gettext("Coming"),
    "offered": lazy_gettext("Offered a seat"),
    "waiting": lazy_gettext("Waiting, in the order of asking"),
    "maybe": lazy_gettext("Maybe"),
    "no": lazy_gettext("Not coming"),
    "silent": lazy_gettext("Silent"),
}
"""The parts of a roll."""

FILES = {
    "photo": lazy_gettext("Photograph"),
    "slides": lazy_gettext("Slides"),
    "material": lazy_gettext("Material"),
}
"""What a file is."""

SEEN_BY = {"members": lazy_gettext("Members only"), "all": lazy_gettext("Everybody")}
"""Who may see a file or minutes."""

SAID = {
    "unasked": lazy_gettext("not asked yet"),
    "asked": lazy_gettext("asked, not confirmed yet"),
    "confirmed": lazy_gettext("confirmed"),
    "declined": lazy_gettext("cannot come"),
}
"""What speakers and hosts have said."""
PARTS_SHORT = {**PARTS, "waiting": lazy_gettext("Waiting list")}
"""The same on a button."""

SLOTS = {
    "welcome": lazy_gettext("Words of welcome"),
    "talk": lazy_gettext("Talk"),
    "questions": lazy_gettext("Questions"),
    "breakfast": lazy_gettext("Breakfast"),
    "other": lazy_gettext("Something else"),
}
"""What a slot of the running order is."""

VERDICTS = {
    "new": lazy_gettext("new"),
    "changed": lazy_gettext("completed"),
    "unchanged": lazy_gettext("unchanged"),
    "duplicate": lazy_gettext("duplicate"),
    "bad": lazy_gettext("not imported"),
}

AUDIENCES = {
    "coming": lazy_gettext("Those who come"),
    "waiting": lazy_gettext("Those on the waiting list"),
    "maybe": lazy_gettext("Those who said maybe"),
    "silent": lazy_gettext("Those who are silent"),
    "all": lazy_gettext("All who were invited or have answered"),
}
"""To whom a letter of one's own goes."""

MESSAGE_STATES = {
    "draft": lazy_gettext("Draft"),
    "queued": lazy_gettext("Goes out by itself"),
    "posted": lazy_gettext("Handed over"),
    "withdrawn": lazy_gettext("Withdrawn"),
}
"""What became of a letter of one's own."""
FIELDS = {
    "title": lazy_gettext("Title"),
    "note": lazy_gettext("Note"),
    "join_link": lazy_gettext("Link for those who join by video"),
    "seats": lazy_gettext("Seats"),
    "guests_allowed": lazy_gettext("Guests each may bring"),
    "answer_until": lazy_gettext("Answers are taken until"),
    "public": lazy_gettext("Show in the public programme"),
    "needs_approval": lazy_gettext("Applications need approval"),
    "topics": lazy_gettext("Topics"),
    "venue": lazy_gettext("Place"),
    "name": lazy_gettext("Name"),
    "description": lazy_gettext("Description"),
    "rule": lazy_gettext("Rule"),
    "first": lazy_gettext("First meeting"),
    "zone": lazy_gettext("Time zone"),
    "minutes": lazy_gettext("Length in minutes"),
    "deadline": lazy_gettext("Deadline for answers"),
    "plan": lazy_gettext("Letter plan"),
    "first_language": lazy_gettext("First language"),
    "family": lazy_gettext("Family name"),
    "given": lazy_gettext("Given name"),
    "family_ja": lazy_gettext("Family name in Japanese script"),
    "given_ja": lazy_gettext("Given name in Japanese script"),
    "family_kana": lazy_gettext("Family name in kana"),
    "given_kana": lazy_gettext("Given name in kana"),
    "position": lazy_gettext("Position"),
    "salutation": lazy_gettext("Salutation"),
    "organisation": lazy_gettext("Organisation"),
    "language": lazy_gettext("Language"),
    "sender_name": lazy_gettext("Name of the sender"),
    "welcome": lazy_gettext("Welcome"),
    "imprint": lazy_gettext("Legal notice"),
    "privacy": lazy_gettext("Privacy"),
    "accessibility": lazy_gettext("Accessibility"),
    "legal": lazy_gettext("Pages of law"),
    "logo": lazy_gettext("Logo"),
}
"""Fields as the log names them. One that is not here is left out there."""
LAW = {
    "imprint": lazy_gettext("Legal notice"),
    "privacy": lazy_gettext("Privacy"),
    "accessibility": lazy_gettext("Accessibility"),
}
"""The pages the law asks for."""

STANDINGS = {
    "accepted": lazy_gettext("member"),
    "applied": lazy_gettext("invited or applied, not confirmed"),
    "confirmed": lazy_gettext("waits for approval"),
    "left": lazy_gettext("has left"),
}

ROLES = {"member": lazy_gettext("Member"), "coordinator": lazy_gettext("Coordinator")}

REACHES = {
    "reached": lazy_gettext("letters arrive"),
    "none": lazy_gettext("no mail address"),
    "suppressed": lazy_gettext("letters come back"),
    "ended": lazy_gettext("wants no letters"),
}

SORTS = {
    "newest": lazy_gettext("newest members first"),
    "oldest": lazy_gettext("longest members first"),
}

DEEDS = {
    "invite": lazy_gettext("Add them to a series"),
    "part": lazy_gettext("Take them off a series"),
    "language": lazy_gettext("Set the language of the letters"),
    "letter": lazy_gettext("Send a sign-in letter"),
    "csv": lazy_gettext("Export as CSV with commas"),
    "semicolon": lazy_gettext("Export as CSV with semicolons (German Excel)"),
    "xlsx": lazy_gettext("Export as Excel workbook (XLSX)"),
}
"""What can be done for many people at once."""

LEFT_OUT = {
    "not a member yet, or no longer": lazy_gettext("not a member yet, or no longer"),
    "belongs to the series already": lazy_gettext("belongs to the series already"),
    "does not belong to the series as a member": lazy_gettext("does not belong to the series as a member"),
    "has this language already": lazy_gettext("has this language already"),
    "no mail address, or letters come back": lazy_gettext("no mail address, or letters come back"),
}
"""Why somebody is left out of a deed for many."""


# --- consents ---------------------------------------------------------------------------------------------------------

SHOWN_VERSION = "2026-11"
"""Goes up with every change of the four texts below: what somebody agreed to is kept with it, word by word."""

SHOWN_TEXTS = {
    "name": lazy_gettext(
        "I agree that %(organisation)s shows my name with its title, in both scripts and with its reading, to the "
        "members of the series I belong to, in the members' directory. I can withdraw this at any time with one click."
    ),
    "organisation": lazy_gettext(
        "I agree that %(organisation)s shows my organisation to the members of the series I belong to, in the members' "
        "directory. I can withdraw this at any time with one click."
    ),
    "position": lazy_gettext(
        "I agree that %(organisation)s shows my position to the members of the series I belong to, in the members' "
        "directory. I can withdraw this at any time with one click."
    ),
    "address": lazy_gettext(
        "I agree that %(organisation)s shows my mail address to the members of the series I belong to, in the members' "
        "directory. I can withdraw this at any time with one click."
    ),
}

INVITED_AGAIN_VERSION = "2026-11"
INVITED_AGAIN = lazy_gettext(
    "I agree to receive invitations, reminders, evening notes and letters from the organisers by mail again. I can end "
    "this at any time with one click."
)
"""What somebody says who had ended the letters and wants them again."""

SHOWN_FIELDS = {
    "name": lazy_gettext("Name"),
    "organisation": lazy_gettext("Organisation"),
    "position": lazy_gettext("Position"),
    "address": lazy_gettext("Mail address"),
}

CONSENTS = {
    "invitations": lazy_gettext("Invitations by mail"),
    "meeting": lazy_gettext("Letters about one meeting"),
    "name": lazy_gettext("Name in the members' directory"),
    "organisation": lazy_gettext("Organisation in the members' directory"),
    "position": lazy_gettext("Position in the members' directory"),
    "address": lazy_gettext("Mail address in the members' directory"),
}

CONSENT_ENDS = {
    "page": lazy_gettext("on these pages"),
    "link": lazy_gettext("by the link in a letter"),
    "mail": lazy_gettext("by a mail to us"),
    "complaint": lazy_gettext("by marking a letter as spam"),
    "left": lazy_gettext("by leaving"),
}
"""How a consent was withdrawn."""
