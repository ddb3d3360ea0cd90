"""A meeting's own questions: asking, replying with an answer, counting without names, and forgetting."""

import pytest
from sqlalchemy import select

from asanokai import entering, guests, questions, rsvps
from asanokai.db import session, transaction
from asanokai.entering import Said
from asanokai.errors import BadInput, Missing, Refused
from asanokai.questions import Question, Reply
from tests import people
from tests.pages import statements

PLATES = [{"de": "Alles", "ja": "なんでも"}, {"de": "Vegetarisch", "ja": "菜食"}]


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


@pytest.fixture
def series():
    return people.series(guests_allowed=3)


@pytest.fixture
def meeting(series):
    return people.announced_meeting(series, people=[people.katrin(), people.emma(), people.kenji()])


@pytest.fixture
def food(series) -> Question:
    return questions.add({"de": "Essen"}, "food", series_id=series.id, choices=PLATES, required=True)


@pytest.fixture
def train(meeting) -> Question:
    return questions.add({"de": "Zug"}, "text", meeting_id=meeting.id)


def enter(meeting, who, choice, by="page", **said):
    asked = questions.asked(meeting.id, meeting.series_id)
    return entering.enter(meeting.id, who.id, Said(choice, **said), asked=asked, by=by, actor_id=who.id).rsvp


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_meeting_asks_what_its_series_asks_and_then_what_it_asks_itself(meeting, food, train, series):
    other = people.meeting(series, people.datetime(2026, 4, 9, 8))
    asked = [[question.label["de"] for question in questions.asked(one.id, series.id)] for one in (meeting, other)]
    assert asked == [["Essen", "Zug"], ["Essen"]]


def test_replies_about_food_vanish_if_nothing_else_is_said(series):
    found = [
        questions.add({"de": kind}, kind, series_id=series.id, choices=PLATES).vanishes for kind in questions.KINDS
    ]
    kept = questions.add({"de": "Essen"}, "food", series_id=series.id, vanishes=False)
    assert (found, kept.vanishes) == ([False, False, False, True], False)


@pytest.mark.parametrize(
    ("label", "kind", "choices", "field"),
    [
        ({}, "text", [], "label"),
        ({"de": "?"}, "riddle", [], "kind"),
        ({"de": "?"}, "choice", PLATES[:1], "choices"),
        ({"de": "?"}, "food", PLATES[:1], "choices"),
        ({"de": "?"}, "choice", PLATES * 11, "choices"),
    ],
)
def test_a_question_nobody_could_answer_is_refused_at_its_field(series, label, kind, choices, field):
    with pytest.raises(BadInput) as refusal:
        questions.add(label, kind, choices=choices, series_id=series.id)
    assert refusal.value.field == field


def test_nobody_is_asked_more_than_twelve_questions(series):
    for number in range(12):
        questions.add({"de": str(number)}, "text", series_id=series.id)
    with pytest.raises(Refused, match="There are 12 questions already"):
        questions.add({"de": "13"}, "text", series_id=series.id)


def test_choices_are_typed_line_by_line_in_each_language():
    typed = {"de": "Alles\nVegetarisch\n", "ja": "なんでも\n\n菜食"}
    assert questions.from_lines(typed) == PLATES
    assert questions.lines_of(PLATES) == {"de": "Alles\nVegetarisch", "ja": "なんでも\n菜食"}
    with pytest.raises(BadInput, match="the same choices"):
        questions.from_lines({"de": "Alles\nVegan", "ja": "なんでも"})


def test_a_choice_can_be_reworded_but_not_taken_out(food):
    wording = {"label": {"de": "Speise"}, "required": False, "vanishes": True}
    with pytest.raises(BadInput, match="not taken out"):
        questions.change(food, choices=[], **wording)
    questions.change(food, choices=[*PLATES, {"de": "Vegan"}], **wording)
    assert (food.label, len(food.choices), food.required) == ({"de": "Speise"}, 3, False)


def test_a_question_of_others_is_not_there(series, meeting, food, train):
    assert questions.required(food.id, series_id=series.id) is food
    for number, whose in (
        (food.id, {"meeting_id": meeting.id}),
        (train.id, {"series_id": series.id}),
        (train.id, {"meeting_id": meeting.id + 1}),
        (987_654, {"series_id": series.id}),
    ):
        with pytest.raises(Missing):
            questions.required(number, **whose)


def test_a_dropped_question_is_asked_no_more_but_what_was_replied_stays(meeting, food):
    enter(meeting, people.katrin(), "yes", replies={food.id: "1"})
    questions.drop(food)
    assert questions.asked(meeting.id, meeting.series_id) == []
    assert questions.counts(meeting.id) == [(food, [("1", 1)])]


# --- replying ---------------------------------------------------------------------------------------------------------


def test_who_comes_must_answer_what_is_required_and_nothing_is_written_before(meeting, food):
    with pytest.raises(BadInput, match="need it from everyone") as refusal:
        enter(meeting, people.katrin(), "yes")
    assert (refusal.value.field, people.seats(meeting)) == (f"question_{food.id}", {})
    assert enter(meeting, people.katrin(), "yes", replies={food.id: "0"}).seat == "held"


@pytest.mark.parametrize(("choice", "by"), [("maybe", "page"), ("no", "page"), ("yes", "coordinator")])
def test_who_does_not_come_or_telephones_is_not_held_up_by_a_question(meeting, food, choice, by):
    assert enter(meeting, people.katrin(), choice, by=by).answer == choice


def test_a_reply_given_before_holds_until_another_is_given(meeting, food, train):
    katrin = people.katrin()
    rsvp = enter(meeting, katrin, "yes", replies={food.id: "1", train.id: "9:12"})
    enter(meeting, katrin, "yes")
    assert questions.replies(rsvp.id) == {food.id: "1", train.id: "9:12"}
    enter(meeting, katrin, "yes", replies={train.id: ""})
    assert questions.replies(rsvp.id) == {food.id: "1"}
    with pytest.raises(BadInput):
        enter(meeting, katrin, "yes", replies={food.id: ""})


def test_a_reply_alone_changes_no_answer_and_sends_no_letter(meeting, food):
    katrin = people.katrin()
    revision = enter(meeting, katrin, "yes", replies={food.id: "1"}).revision
    rsvp = enter(meeting, katrin, "yes", replies={food.id: "0"})
    assert (rsvp.revision, people.kinds_to(katrin)) == (revision, ["confirm"])
    assert questions.replies(rsvp.id) == {food.id: "0"}


def test_who_declines_takes_replies_and_names_back(meeting, food):
    katrin = people.katrin()
    rsvp = enter(meeting, katrin, "yes", guests=1, guest_names="Ida Gast", replies={food.id: "1"})
    enter(meeting, katrin, "no")
    rsvp.guests = 1
    assert (questions.replies(rsvp.id), guests.of([rsvp])) == ({}, {rsvp.id: []})


@pytest.mark.parametrize("said", ["2", "-1", "1.5", "Alles", "１"])
def test_a_choice_that_is_none_is_refused(meeting, food, said):
    with pytest.raises(BadInput, match="Please choose one of the replies") as refusal:
        enter(meeting, people.katrin(), "yes", replies={food.id: said})
    assert refusal.value.field == f"question_{food.id}"


@pytest.mark.parametrize("said", ["-1", "1.5", "viele", "１", "9" * 50])
def test_a_number_that_is_none_is_refused(meeting, said):
    number = questions.add({"de": "Wie oft?"}, "number", meeting_id=meeting.id)
    with pytest.raises(BadInput, match="whole number"):
        enter(meeting, people.katrin(), "maybe", replies={number.id: said})
    assert questions.replies(enter(meeting, people.katrin(), "maybe", replies={number.id: "007"}).id) == {
        number.id: "7"
    }


# --- counting and forgetting ------------------------------------------------------------------------------------------


def replied(meeting, food, train):
    """Two come and one may; all replied."""
    for who, choice, plate, words in (
        (people.katrin(), "yes", "1", "9:12"),
        (people.emma(), "yes", "1", "Nüsse, bitte nicht"),
        (people.kenji(), "maybe", "0", "9:12"),
    ):
        enter(meeting, who, choice, replies={food.id: plate, train.id: words})


def test_the_caterer_reads_counts_of_those_who_come_without_names(meeting, food, train):
    replied(meeting, food, train)
    assert questions.counts(meeting.id) == [(food, [("1", 2)]), (train, [("9:12", 1), ("Nüsse, bitte nicht", 1)])]
    assert [questions.in_words(food, "1", language) for language in ("de", "en", "ja")] == ["Vegetarisch"] * 2 + [
        "菜食"
    ]


def test_counting_takes_as_many_statements_for_three_as_for_none(meeting, food, train):
    with statements() as none:
        questions.counts(meeting.id)
    replied(meeting, food, train)
    with statements() as three:
        questions.counts(meeting.id)
    assert len(none) == len(three) == 3


def test_after_the_meeting_what_vanishes_is_gone_and_its_counts_are_kept(meeting, food, train, clock):
    train.vanishes, keep = True, questions.add({"de": "Firma"}, "text", meeting_id=meeting.id)
    replied(meeting, food, train)
    enter(meeting, people.katrin(), "yes", replies={keep.id: "Optik"})
    clock.set(people.berlin(2026, 3, 12, 9, 59))
    assert questions.forget() == 0
    clock.set(people.berlin(2026, 3, 12, 10))
    assert (questions.forget(), questions.forget()) == (6, 0)
    assert list(session().scalars(select(Reply.value))) == ["Optik"]
    # Words are one number: they might name somebody.
    assert questions.counts(meeting.id) == [(food, [("1", 2)]), (train, [("", 2)]), (keep, [("Optik", 1)])]


def test_a_question_declared_to_vanish_later_adds_to_what_was_counted(meeting, food, train, clock):
    replied(meeting, food, train)
    clock.set(people.berlin(2026, 3, 12, 10))
    questions.forget()
    train.vanishes = True
    questions.forget()
    assert questions.counts(meeting.id) == [(food, [("1", 2)]), (train, [("", 2)])]


# --- guests by name ---------------------------------------------------------------------------------------------------


def test_guests_are_named_line_by_line_with_their_organisation(meeting):
    rsvp = enter(meeting, people.katrin(), "yes", guests=3, guest_names="Ida Gast, Optik Jena\n\n山田花子、光学\nUdo")
    named = guests.of([rsvp])[rsvp.id]
    assert [(guest.name, guest.organisation) for guest in named] == [
        ("Ida Gast", "Optik Jena"),
        ("山田花子", "光学"),
        ("Udo", ""),
    ]
    assert guests.typed(named) == "Ida Gast, Optik Jena\n山田花子, 光学\nUdo"


def test_more_names_than_guests_are_refused_at_their_field(meeting):
    with pytest.raises(BadInput, match="more guests than you bring") as refusal:
        enter(meeting, people.katrin(), "yes", guests=1, guest_names="Ida\nUdo")
    assert refusal.value.field == "guest_names"


def test_names_stay_when_the_form_does_not_ask_and_fall_with_the_number(meeting):
    enter(meeting, people.katrin(), "yes", guests=2, guest_names="Ida\nUdo")
    rsvp = rsvps.answer(meeting.id, people.katrin().id, "yes", guests=1, by="calendar").rsvp
    assert [guest.name for guest in guests.of([rsvp])[rsvp.id]] == ["Ida"]
