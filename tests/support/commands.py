"""Which commands the program has, as its help tells."""
import re

from support.harness import run_cli


def subcommands(text):
    """The names below the headings of commands in a help text."""
    names, here = [], False
    for line in text.splitlines():
        if not line.startswith(" "):
            here = line.endswith(":") and line not in ("Options:", "Positionals:", "Example:", "Examples:")
        elif here and line[2] != " ":
            names.append(line.split()[0])
    return names


def every_command(*words):
    yield words
    for name in subcommands(run_cli(*words, "--help", check=0).stdout):
        yield from every_command(*words, name)


def flags(text):
    """The long flags that a help text names."""
    return set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.M))
