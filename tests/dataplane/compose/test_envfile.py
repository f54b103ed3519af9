"""``.env`` files as Compose reads them."""

import pytest

from dataplane.compose.envfile import parse, parse_raw
from dataplane.errors import UserError

OUTSIDE = {"HOME": "/root", "A": "outer"}


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("# comment\n\n", {}),
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1", {"A": "1"}),
        ("export A=1\n", {"A": "1"}),
        ("A: 1\n", {"A": "1"}),
        ("A = 1 \n", {"A": "1"}),
        ("A=\nB=\n", {"A": "", "B": ""}),
        ("A=x # comment\n", {"A": "x"}),
        ("A=x#y\n", {"A": "x#y"}),
        ("A='$HOME # x'\n", {"A": "$HOME # x"}),
        ("A='it\\'s'\n", {"A": "it's"}),
        ('A="$HOME" # c\nB=1', {"A": "/root", "B": "1"}),
        ('A="a\\nb\\t\\"c\\" \\$HOME"\n', {"A": 'a\nb\t"c" $HOME'}),
        ('A="two\nlines"\nB=1\n', {"A": "two\nlines", "B": "1"}),
        ("X=1\nY=${X}2\n", {"X": "1", "Y": "12"}),
        ("A=inner\nB=$A\n", {"A": "inner", "B": "outer"}),
        ("A=${NO:-d}\n", {"A": "d"}),
        ("HOME\nNOPE\n", {"HOME": "/root"}),
        ("my.key-1[0]=x\n", {"my.key-1[0]": "x"}),
    ],
)
def test_parse(text, variables):
    assert parse(text, ".env", OUTSIDE.get) == variables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nA B=2\n", '.env:2: "A B=2" is not a variable'),
        ("A=1\n\n=2\n", '.env:3: "=2" is not a variable'),
        ("A='x\n", ".env:1: a quote is opened here and never closed"),
        ('B=1\nA="x\n', ".env:2: a quote is opened here and never closed"),
        ("A=${X\n", '.env:1: "${X" has no closing brace'),
        ("A=${X:?needed}\n", '.env:1: the variable "X" must be set: needed'),
        ('A="\\0"\n', ".env: the variable 'A' holds a NUL, which no program can be given"),
    ],
)
def test_refused(text, message):
    with pytest.raises(UserError) as caught:
        parse(text, ".env", OUTSIDE.get)
    assert str(caught.value).splitlines()[0] == message


def test_values_that_double_are_bounded():
    text = "A0=xxxxxxxxxx\n" + "".join(f"A{i}=$A{i - 1}$A{i - 1}\n" for i in range(1, 60))
    with pytest.raises(UserError, match="expand to more than"):
        parse(text, ".env", OUTSIDE.get)


def test_a_large_file_is_read_in_linear_time():
    assert len(parse("".join(f"A{i}=x\n" for i in range(100_000)), ".env", OUTSIDE.get)) == 100_000


def test_raw():
    text = "A='$HOME' # x\n# comment\n\n  B=1=2\nHOME\nNOPE\n"
    assert parse_raw(text, "f", OUTSIDE.get) == {"A": "'$HOME' # x", "B": "1=2", "HOME": "/root"}


def test_raw_refuses_a_key_with_a_space():
    with pytest.raises(UserError, match='"A B=1" is not a variable'):
        parse_raw("A B=1\n", "f", OUTSIDE.get)
