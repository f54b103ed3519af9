"""Wrong words: what, where and how to mend, word by word, and status 2."""

import pytest

ALL = "`dataplane --help` lists what there is"


def message(what: str, where: str, mend: str) -> str:
    return f"dataplane: {what}\n  where: {where}\n  mend:  {mend}\n"


WRONG = {
    "no such verb": ("frobnicate", "there is no command frobnicate", ALL),
    "nearly a verb": ("doctr", "there is no command doctr", f"did you mean doctor? {ALL}"),
    "no such option at the top": ("--colour", "dataplane has no option --colour", ALL),
    "no such option": ("doctor --fast", "doctor has no option --fast", "`dataplane doctor --help` lists what there is"),
    "nearly an option": (
        "doctor --jsn",
        "doctor has no option --jsn",
        "did you mean --json? `dataplane doctor --help` lists what there is",
    ),
    "a word too many": ("doctor now", "doctor takes no further word: now", "write dataplane doctor [OPTIONS]"),
    "a flag with a value": ("doctor --json=yes", "--json takes no value", "write dataplane doctor [OPTIONS]"),
    "a word is missing": ("completion", "completion needs SHELL", "write dataplane completion [OPTIONS] {bash|zsh|fish}"),
    "none of the choices": (
        "completion tcsh",
        "SHELL: 'tcsh' is not one of 'bash', 'zsh', 'fish'",
        "write dataplane completion [OPTIONS] {bash|zsh|fish}",
    ),
    "exec without a command": ("exec web", "exec needs CMD", "write dataplane exec [OPTIONS] SERVICE [--] CMD…"),
    "exec with nothing behind --": ("exec web --", "exec needs CMD", "write dataplane exec [OPTIONS] SERVICE [--] CMD…"),
    "no network": ("fdb", "fdb needs NETWORK", "write dataplane fdb [OPTIONS] NETWORK"),
    "no number": ("logs --tail many", "--tail: 'many' is not a whole number", "write dataplane logs [OPTIONS] [SERVICE]…"),
    "a number below zero": (
        "logs --tail -1",
        "--tail: -1 is out of range: 0 or more",
        "write dataplane logs [OPTIONS] [SERVICE]…",
    ),
    "an option without its value": ("up --seed", "--seed needs a value", "write dataplane up [OPTIONS] [FILE]"),
    "a seed that 63 bits do not hold": (
        "up --seed 9223372036854775808",
        "--seed: '9223372036854775808' is not a whole number from 0 to 9223372036854775807",
        "write dataplane up [OPTIONS] [FILE]",
    ),
    "an interval of nothing": (
        "stats --watch --interval 0",
        "--interval: 0.0 is out of range: from 0.1 to 3600",
        "write dataplane stats [OPTIONS]",
    ),
    "a drawing of no known kind": (
        "graph --format png",
        "--format: 'png' is not one of 'text', 'mermaid', 'dot'",
        "write dataplane graph [OPTIONS] [FILE]",
    ),
    "a demonstration that is none": (
        "demo macvlan",
        "NAME: 'macvlan' is not one of 'bridge', 'vxlan', 'nat'",
        "write dataplane demo [OPTIONS] [bridge|vxlan|nat]",
    ),
}


def test_a_variable_without_a_name(inside):
    said = inside("exec", "-e", "=1", "web", "true")
    assert said.stderr == message("a variable has no name", "--env =1", "write --env NAME=VALUE")
    assert said.returncode == 125


@pytest.mark.parametrize("words, what, mend", WRONG.values(), ids=WRONG.keys())
def test_wrong_words(inside, words, what, mend):
    said = inside(*words.split())
    # Click 8.1 brackets a choice that may be left out twice.
    assert said.stderr.replace("[[bridge]]", "[bridge]") == message(what, f"dataplane {words}", mend)
    assert (said.stdout, said.returncode) == ("", 125 if words.startswith("exec") else 2)
