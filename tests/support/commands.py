"""Which commands the program has, as its help tells."""
import re

from support.harness import run_cli


def subcommands(text):
    """The names below "Subcommands:" of a help text."""
    lines = text.partition("Subcommands:\n")[2].splitlines()
    return [line.split()[0] for line in lines[:lines.index("")] if line.startswith("  ") and line[2] != " "] if lines else []


def every_command(*words):
    yield words
    for name in subcommands(run_cli(*words, "--help", check=0).stdout):
        yield from every_command(*words, name)


def flags(text):
    """The long flags that a help text names."""
    return set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.M))
