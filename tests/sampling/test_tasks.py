"""Tasks: what is shown, and what replies become."""

import pytest

from equipoise.errors import DataError, UsageError
from equipoise.sampling.prompt import Message, Template
from equipoise.sampling.tasks import BUILT_IN, OneOf, Outcome, Task, check_replies, load_task
from equipoise.sampling.tasks.letters import letter_sum


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_task_shows_its_state_and_nothing_else_changes(name):
    task = load_task(name)
    for state in task.states:
        text = task.prompt(state).messages[-1].text
        assert state in text
        assert "{" not in text
    assert '"{state}' in task.template or "{state}" in task.template
    assert len(task.template_sha256) == 64


def test_a_state_that_looks_like_a_place_is_not_filled_in():
    template = Template((Message("user", "{state} of {states}"),), states=("a", "b"))
    assert template("{states}").messages[0].text == "{states} of a, b"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("Friday", Outcome("state", "Friday")),
        ("  friday.\n", Outcome("state", "Friday")),
        ("**FRIDAY**\n\nIt is near.", Outcome("state", "Friday")),
        ("", Outcome("invalid", reason="empty")),
        ("Friday or Monday", Outcome("invalid", reason="several states")),
        ("It is Friday", Outcome("invalid", reason="a sentence")),
        ("Freitag", Outcome("invalid", reason="not in the list")),
        ("Friday\u202e", Outcome("invalid", reason="a sentence")),
        ("x" * 10_001, Outcome("invalid", reason="too long")),
    ],
)
def test_weekdays(reply, outcome):
    assert load_task("weekday").outcome(reply) == outcome


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ("Wizards", "WIZARDS", None),
        ("buzzy.", "BUZZY", None),  # the word shown may come back: it stays
        ("WIZARD", None, "wrong sum"),
        ("WIZ ARDS", None, "a sentence"),
        ("WIZARDS1", None, "not only letters"),
        ("ＷＩＺＡＲＤＳ", None, "not only letters"),
        ("A" * 100, None, "too long"),
    ],
)
def test_words_whose_letters_sum_to_100(reply, state, reason):
    outcome = load_task("letters").outcome(reply)
    assert (outcome.state, outcome.reason) == (state, reason)


def test_the_seeds_of_letters_are_what_they_must_be():
    assert [letter_sum(word) for word in load_task("letters").states] == [100]


@pytest.mark.parametrize(
    ("stop_reason", "kind"),
    [("refusal", "refusal"), ("max_tokens", "truncated"), ("end_turn", "state"), (None, "state")],
)
def test_a_reply_that_was_refused_or_cut_is_not_read(stop_reason, kind):
    assert load_task("weekday").outcome("Friday", stop_reason).kind == kind


def test_whatever_a_parser_does_there_is_an_outcome():
    def broken(reply):
        raise RuntimeError(reply)

    task = Task("mine", ("a", "b"), Template((Message("user", "{state}"),)), broken)
    assert task.outcome("x").reason == "parser failed: RuntimeError"
    for wrong in (None, "a", 7):
        odd = Task("mine", ("a", "b"), task.prompt, lambda reply, wrong=wrong: wrong)
        assert odd.outcome("x").kind == "invalid"


TOML = """
name = "fruit"
states = ["apple", "pear", "plum"]
system = "One word."
prompt = "Another fruit than {state}, of {states}?"
max_tokens = 8
"""


def test_a_task_from_a_file(tmp_path):
    path = tmp_path / "fruit.toml"
    path.write_text(TOML)
    task = load_task(str(path))
    assert task.closed
    assert task.prompt("pear").messages[0].text == "Another fruit than pear, of apple, pear, plum?"
    assert task.outcome("Plum!").state == "plum"
    path.write_text(
        'name = "open"\nseeds = ["a"]\nparser = "pattern"\npattern = "is (\\\\w+)"\n'
        '[[messages]]\nrole = "user"\ntext = "{state}?"\n'
    )
    task = load_task(str(path))
    assert not task.closed
    assert task.outcome("IS it").state == "it"
    assert task.outcome("it").reason == "no match"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 3", "give either states"),
        (TOML + "colour = 1", "unknown keys colour"),
        (TOML.replace("{state},", "this,"), "no message holds {state}"),
        (TOML + 'seeds = ["x"]', "give either states"),
        (TOML + 'parser = "magic"', "parser is 'magic'"),
        (TOML + 'parser = "pattern"\npattern = "("', "no regular expression"),
        (TOML.replace('"pear", ', '"apple", '), "declared twice"),
        (TOML.replace("= 8", '= "8"'), "max_tokens is '8'"),
        (TOML + "[[messages]]", "give either prompt or messages"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_a_sentence(text, said, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        load_task(str(path))
    assert said in str(error.value)
    assert "wrong.toml" in str(error.value)


def test_what_is_no_task(tmp_path):
    path = tmp_path / "no.toml"
    path.write_text("= =")
    with pytest.raises(DataError, match="no TOML"):
        load_task(str(path))
    for name in ("nothing", "json:dumps", "no_such_module:x", "json:nothing"):
        with pytest.raises((UsageError, TypeError)):
            load_task(name)
    assert load_task("equipoise.sampling.tasks.month:MONTH").name == "month"


def test_states_that_differ_in_capitals_only():
    with pytest.raises(UsageError, match="differ in capitals only"):
        OneOf(("may", "May"))


def test_pasted_replies_are_checked():
    checked = check_replies(load_task("weekday"), ["Friday", "no"])
    assert [item.outcome.kind for item in checked] == ["state", "invalid"]
    with pytest.raises(UsageError, match="no reply"):
        check_replies(load_task("weekday"), [])
