"""``dataplane completion SHELL``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from dataplane.cli import COMPLETE

INTO = {
    "bash": "~/.local/share/bash-completion/completions/dataplane",
    "zsh": '"${fpath[1]}/_dataplane"',
    "fish": "~/.config/fish/completions/dataplane.fish",
}


@click.command(epilog="\b\nFor good, write what it prints to\n" + "\n".join(f"  {shell:4}  {path}" for shell, path in INTO.items()))
@click.argument("shell", type=click.Choice(list(INTO)))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    For this session only: eval "$(dataplane completion bash)". It completes verbs, options, and the names of labs, services,
    networks and ports of the file in the current folder and of what runs.
    """
    from dataplane.cli.root import root

    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(root, {}, "dataplane", COMPLETE).source())
