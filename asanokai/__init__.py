"""Asa no Kai: a self-hosted application that runs a recurring breakfast meeting.

The map. One deep file per business word; imports only go down these floors:

    8  wsgi   cli                                           imported by nobody
    7  running > app                                        starting; wiring
    6  web/*   worker                                       pages; the heartbeat
    5  delivering   demo   lives  >  doctor  >  composing   transport   catcher   printing   backup   listing
                                                            a letter row → a mail → SMTP
    4  alerting  >  digesting  >  retention  >  erasing  >  copies  >  intake  >  bulk   knocking   planning
                                                            mail that comes back, what coordinators are told of it, and
                                                            what becomes of a person's data
       writing  >  announcing   applying   archive   asking   catering   entering   exporting   history   importing
       invitations   leaving   merging   readdressing   showing   verbs that touch several words
    3  circle   directory   views > questions   guests > whose > rsvps > proposals   materials > uploads > speakers
       > programme > topics > meetings > series > deputies > ceremony   outside > passkeys > members > consents
       > devices > law > installation > letters
    2  seals > journal   erased > db   languages   markdown   tokens   links   ical   holidays   night   outgoing
       provider   terminal > tables
    1  clock   errors

The invariants, each held by a test:

 1. The edge owns the transaction: ``commit(`` stands in ``db.py`` only.
 2. GET and HEAD never write.
 3. A letter is a row first; only ``transport`` speaks SMTP.
 4. One clock; the database holds aware UTC and refuses naive datetimes.
 5. The rule proposes, the meeting's row decides.
 6. Seats are counted only under ``meetings.for_update()``.
 7. Every route stands in the guard table; what one may not see answers 404.
 8. A letter speaks its reader's language; the catalogues are complete.
 9. A calendar UID never changes, its SEQUENCE never falls.
10. Planning is set-based and idempotent.
11. The journal is only added to: its rows are never altered, and go by pruning under a signed seal alone.

This file holds no code and imports nothing.
"""
