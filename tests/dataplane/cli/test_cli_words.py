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
}


@pytest.mark.parametrize("words, what, mend", WRONG.values(), ids=WRONG.keys())
def test_wrong_words(dataplane, words, what, mend):
    said = dataplane(*words.split())
    assert said.stderr == message(what, f"dataplane {words}", mend)
    assert (said.stdout, said.returncode) == ("", 2)
