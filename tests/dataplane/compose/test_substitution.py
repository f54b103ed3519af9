"""``${VAR}`` by Compose's rules."""

import pytest

from dataplane.compose.substitution import Substitution, SubstitutionError

VARIABLES = {"A": "one", "EMPTY": "", "B": "two", "lower": "x", "DOLLAR": "$A"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$A", "one"),
        ("${A}", "one"),
        ("x${A}y$B.z", "xoneytwo.z"),
        ("$lower", "x"),
        ("$UNSET|", "|"),
        ("${UNSET}|", "|"),
        ("$$A", "$A"),
        ("$$$A", "$one"),
        ("$${A}", "${A}"),
        ("$DOLLAR", "$A"),
        ("${A:-d}${EMPTY:-d}${UNSET:-d}", "onedd"),
        ("${A-d}${EMPTY-d}${UNSET-d}", "oned"),
        ("${A:+d}|${EMPTY:+d}|${UNSET:+d}", "d||"),
        ("${A+d}|${EMPTY+d}|${UNSET+d}", "d|d|"),
        ("${A:?no}${A?no}${EMPTY?no}", "oneone"),
        ("${UNSET:-${B}}", "two"),
        ("${UNSET:-${ALSO:-${B}}}!", "two!"),
        ("${UNSET:-a$B}", "atwo"),
        ("${UNSET:-a:-b}", "a:-b"),
        ("${UNSET-}", ""),
        ('${UNSET:-{"a": {}}}!', '{"a": {}}!'),
        ("${A:-{x}}!", "one!"),
        ("$1 $ $. ${A}$", "$1 $ $. one$"),
    ],
)
def test_result(text, result):
    assert Substitution(VARIABLES.get)(text) == result


def test_names_that_are_not_set_are_kept():
    substitution = Substitution(VARIABLES.get)
    substitution("$C ${D} ${E:-x} $C $A")
    assert list(substitution.unset) == ["C", "D"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("${A", '"${A" has no closing brace'),
        ("${}", '"${}" names no variable'),
        ("${1A}", '"${1A}" names no variable'),
        ("${A/x/y}", '"${A/x/y}" is not a form that Compose knows'),
        ("${A B}", '"${A B}" is not a form that Compose knows'),
        ("${UNSET:?set it}", 'the variable "UNSET" must be set: set it'),
        ("${UNSET?}", 'the variable "UNSET" must be set'),
        ("${EMPTY:?x $A}", 'the variable "EMPTY" must be set: x one'),
        ("${A:-" * 20 + "}" * 20, None),
        ("${U:-" * 20 + "}" * 20, "variables are nested more than 16 deep"),
    ],
)
def test_refused(text, what):
    if what is None:
        assert Substitution(VARIABLES.get)(text) == "one"
        return
    with pytest.raises(SubstitutionError) as caught:
        Substitution(VARIABLES.get)(text)
    assert caught.value.what == what


def test_growth_is_bounded():
    substitution = Substitution({"A": "x" * 100_000}.get)
    with pytest.raises(SubstitutionError, match="expand to more than"):
        substitution("$A" * 1000)
