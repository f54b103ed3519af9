import shutil
import subprocess

import pytest


def complete(dataplane, words: str, **more) -> list[str]:
    """What bash is offered after `words`, the cursor at their end."""
    said = dataplane(_DATAPLANE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1), **more)
    assert said.stderr == ""
    return [line.split(",", 1)[1] for line in said.stdout.splitlines()]


SIGNS = [("bash", "complete -o nosort -F"), ("zsh", "#compdef dataplane"), ("fish", "complete --no-files")]


@pytest.mark.parametrize("shell, sign", SIGNS)
def test_each_shell_gets_its_script(dataplane, shell, sign):
    said = dataplane("completion", shell)
    assert said.returncode == 0
    assert sign in said.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_good_in_its_shell(dataplane, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = dataplane("completion", shell).stdout
    assert subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False, timeout=30).stderr == ""


def test_verbs_and_options_complete(dataplane):
    assert complete(dataplane, "dataplane do") == ["down", "doctor"]
    assert "--json" in complete(dataplane, "dataplane doctor --")
    assert complete(dataplane, "dataplane completion z") == ["zsh"]
