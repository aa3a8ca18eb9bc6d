"""Files of macros: read whole or not at all, with the line of every fault, and written back the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.domain.macro_conditions import Conditions
from mostrador.domain.macro_files import FileUnreadable, read_file, write_file
from mostrador.domain.macro_reading import FaultCode
from mostrador.domain.macro_steps import HowMuch, Step, StepKind
from mostrador.domain.macros import LANGUAGES, Macro, Says
from mostrador.domain.starter_set import starter_set

SMALL = """\
[[macro]]
slug = "hello"

[macro.title]
en = "Hello"

[macro.text]
en = "Hello {buyer}."
"""


def faults(text: str) -> list[tuple[int, str, FaultCode]]:
    """Return line, place and code of every fault."""
    with pytest.raises(FileUnreadable) as unreadable:
        read_file(text)
    return [(each.line, each.fault.place, each.fault.code) for each in unreadable.value.faults if each.fault]


def test_a_small_file_is_a_macro() -> None:
    assert read_file(SMALL) == [Macro("hello", {"en": "Hello"}, {"en": "Hello {buyer}."})]


def test_what_is_written_reads_back_the_same() -> None:
    every = list(starter_set().values())

    assert read_file(write_file(every)) == every
    assert read_file(write_file(every).replace("\n", "\r\n")) == every


words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{}"), min_size=1, max_size=40
)


@given(
    title=words.filter(str.strip),
    text=st.lists(words, min_size=1, max_size=4).map("\n".join).filter(str.strip),
    percent=st.decimals(Decimal("0.01"), Decimal(100), places=2),
    active=st.booleans(),
)
def test_any_words_survive_the_file(title: str, text: str, percent: Decimal, active: bool) -> None:
    step = Step(StepKind.REFUND, how=HowMuch.PERCENT, percent=percent, reason="GeneralAdjustment")
    macro = Macro(
        "any",
        {"ja": title.strip()},
        {"ja": text.strip()},
        Says.REFUNDED,
        Conditions(marketplaces=("DE", "JP"), by_amazon=False, open_refund=True, languages=("ja",)),
        (step, Step(StepKind.TAG, tag="a"), Step(StepKind.CLOSE)),
        active,
        7,
    )

    back = read_file(write_file([macro]))

    assert [replace(one, steps=()) for one in back] == [replace(macro, steps=())]
    assert back[0].steps == macro.steps


@pytest.mark.parametrize(
    ("before", "after", "line", "place", "code"),
    [
        ('slug = "hello"', 'slug = "Hello there"', 2, "slug", FaultCode.NOT_A_SLUG),
        ('slug = "hello"', 'slug = "hello"\ncolour = 1', 3, "colour", FaultCode.UNKNOWN_FIELD),
        ('slug = "hello"', 'slug = "hello"\nsays = "maybe"', 3, "says", FaultCode.NOT_ONE_OF),
        ('slug = "hello"', 'slug = "hello"\nactive = "yes"', 3, "active", FaultCode.WRONG_KIND),
        ('slug = "hello"', 'slug = "hello"\nposition = -1', 3, "position", FaultCode.WRONG_KIND),
        ('en = "Hello"', 'en = ""', 4, "title", FaultCode.MISSING),
        ('en = "Hello"', 'nl = "Hallo"\nen = "Hello"', 5, "title.nl", FaultCode.UNKNOWN_LANGUAGE),
        ("{buyer}", "{bayer}", 8, "text.en", FaultCode.UNKNOWN_PLACE),
        ("{buyer}", "{amount}", 1, "says", FaultCode.MARK_NEEDED),
        ('en = "Hello {buyer}."', f'en = "{"x" * 10_001}"', 8, "text.en", FaultCode.TOO_LONG),
        ('en = "Hello {buyer}."', "", 7, "text", FaultCode.NOTHING_IN_IT),
        ('en = "Hello {buyer}."', "en = 3", 8, "text.en", FaultCode.WRONG_KIND),
        (
            'slug = "hello"',
            'slug = "hello"\nsteps = [{do = "dance"}]',
            3,
            "steps[1].do",
            FaultCode.NOT_ONE_OF,
        ),
        ('slug = "hello"', 'slug = "hello"\nsteps = [{do = "tag"}]', 3, "steps[1].tag", FaultCode.MISSING),
        (
            'slug = "hello"',
            'slug = "hello"\nsteps = [{do = "close", percent = "3"}]',
            3,
            "steps[1].percent",
            FaultCode.UNKNOWN_FIELD,
        ),
        (
            'slug = "hello"',
            'slug = "hello"\nsteps = [{do = "assign", to = "Marta"}]',
            3,
            "steps[1].to",
            FaultCode.NOT_AN_AGENT,
        ),
        (
            'slug = "hello"',
            'slug = "hello"\nsteps = [{do = "cancel", reason = "CustomerCancel"}]',
            3,
            "steps[1].reason",
            FaultCode.NOT_ONE_OF,
        ),
    ],
)
def test_a_fault_is_told_with_its_line(
    before: str, after: str, line: int, place: str, code: FaultCode
) -> None:
    assert (line, place, code) in faults(SMALL.replace(before, after, 1))


@pytest.mark.parametrize("percent", ["0", "-5", "100.01", "abc", "", "12.345", "NaN", "Infinity"])
def test_a_percentage_is_above_nothing_and_at_most_all(percent: str) -> None:
    step = f'steps = [{{do="refund", how="percent", percent="{percent}", reason="GeneralAdjustment"}}]'

    found = faults(SMALL.replace('slug = "hello"', f'slug = "hello"\n{step}'))

    assert found == [(3, "steps[1].percent", FaultCode.NOT_A_PERCENTAGE)]


REFUND = '{do="refund", how="full", reason="GeneralAdjustment"}'
CANCEL = '{do="cancel", reason="NoInventory"}'


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (f"[{REFUND}, {CANCEL}]", FaultCode.TWO_MONEY_STEPS),
        ('[{do="close"}, {do="close"}]', FaultCode.TWO_OF_A_KIND),
    ],
)
def test_steps_that_contradict_each_other_are_refused(steps: str, code: FaultCode) -> None:
    found = faults(SMALL.replace('slug = "hello"', f'slug = "hello"\nsteps = {steps}'))

    assert (3, "steps", code) in found


def test_a_mark_that_contradicts_the_step_is_refused() -> None:
    lines = f'slug = "hello"\nsays = "cancelled"\nsteps = [{REFUND}]'

    assert faults(SMALL.replace('slug = "hello"', lines)) == [(3, "says", FaultCode.OTHER_MARK)]


def test_closing_after_money_moved_needs_words_that_wait() -> None:
    text = SMALL.replace('en = "Hello {buyer}."', "").replace(
        'slug = "hello"', f'slug = "hello"\nsteps = [{REFUND}, {{do="close"}}]'
    )

    assert faults(text) == [(3, "steps", FaultCode.CLOSE_NEEDS_TEXT)]


def test_every_fault_of_every_macro_is_told_at_once() -> None:
    second = SMALL.replace('"hello"', '"Bad Name"').replace("{buyer}", "{nobody}")

    assert faults(SMALL + "\n" + second) == [
        (11, "slug", FaultCode.NOT_A_SLUG),
        (17, "text.en", FaultCode.UNKNOWN_PLACE),
    ]


def test_a_name_stands_there_once() -> None:
    assert faults(SMALL + SMALL) == [(10, "slug", FaultCode.TWICE)]


def test_brackets_in_a_text_are_no_new_macro() -> None:
    text = SMALL.replace('"Hello {buyer}."', '"""\n[[macro]]\nslug = 1\n"""\nde = "{oops}"')

    assert faults(text) == [(12, "text.de", FaultCode.UNKNOWN_PLACE)]


@pytest.mark.parametrize(
    ("text", "line"),
    [("[[macro]]\nslug = \n", 2), ("", 1), ("macro = 3", 1), ("[other]\na = 1", 1), ('a = """', 1)],
)
def test_what_is_no_file_of_macros_is_refused_with_a_line(text: str, line: int) -> None:
    with pytest.raises(FileUnreadable) as unreadable:
        read_file(text)

    assert [each.line for each in unreadable.value.faults] == [line]


def test_the_starter_set_speaks_every_language() -> None:
    for macro in starter_set().values():
        assert set(macro.titles) == set(macro.texts) == set(LANGUAGES), macro.slug
