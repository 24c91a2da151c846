"""What each shell offers after `fairlead ... <TAB>`, asked of the shell itself."""
import os
import re
import select
import shutil
import subprocess

import pytest

from support.commands import every_command, flags, subcommands
from support.harness import BINARY, run_cli


class Bash:
    ITSELF_NAMES_FILES = False  # readline does, when nothing is offered

    def __init__(self, folder):
        self.folder = folder

    def offers(self, *words):
        listed = " ".join(f"'{part}'" for word in ("fairlead", *words) for part in re.split("(=)", word) if part or not word)
        script = (f'source <({BINARY} completion bash); COMP_WORDS=({listed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); '
                  '_fairlead; echo "${COMPREPLY[@]}"')
        return set(subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True).stdout.split())

    def close(self):
        pass


class Fish:
    ITSELF_NAMES_FILES = True

    def __init__(self, folder):
        self.folder = folder

    def offers(self, *words):
        script = f"{BINARY} completion fish | source; complete -C 'fairlead {' '.join(words)}'"
        lines = subprocess.run(["fish", "-c", script], cwd=self.folder, capture_output=True, text=True).stdout.splitlines()
        return {line.split("\t")[0].rpartition("=")[2].rstrip("/") for line in lines}

    def close(self):
        pass


class Zsh:
    """An interactive one in a terminal of its own; it writes to a pipe that it is ready, then what it would offer at each Tab."""
    ITSELF_NAMES_FILES = True
    SOURCED = "autoload -Uz compinit && compinit -u -D\nsource <(fairlead completion zsh)"
    SOURCED_ALONE = "source <(fairlead completion zsh)"
    IN_FPATH = "fairlead completion zsh > $ZDOTDIR/_fairlead\nfpath=($ZDOTDIR $fpath)\nautoload -Uz compinit && compinit -u -D"
    TELLS = r"""
        exec {answers}>$ZDOTDIR/answers
        compadd() {
          local -a names
          [[ " $* " == *\ -[OAD]\ * ]] || { builtin compadd -O names "$@"; offered+=($names) }
          builtin compadd "$@"
        }
        collect() { offered=(); _main_complete; compstate[list]= compstate[insert]= }
        tell() { zle collect; print -r -u $answers -- $offered; BUFFER= }
        begin() { print -u $answers ready; zle -D zle-line-init }
        zle -C collect list-choices collect; zle -N tell; bindkey '^I' tell; zle -N zle-line-init begin
    """

    def __init__(self, folder, loading=IN_FPATH):
        settings = folder / ".zsh"
        settings.mkdir()
        (settings / ".zshrc").write_text(f"{loading}\n{self.TELLS}")
        os.mkfifo(settings / "answers")
        environment = {**os.environ, "ZDOTDIR": str(settings), "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "TERM": "dumb"}
        self.process = subprocess.Popen(["script", "-qfec", "zsh -i", "/dev/null"], cwd=folder, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
        # Not waiting for the other end here: a shell that does not start would never open it.
        self.answers, self.told = os.open(settings / "answers", os.O_RDONLY | os.O_NONBLOCK), b""
        assert self.answer() == "ready"

    def offers(self, *words):
        self.process.stdin.write(" ".join(("fairlead", *words)) + "\t")
        self.process.stdin.flush()
        return set(self.answer().split())

    def answer(self):
        """The next line that it tells."""
        while b"\n" not in self.told:
            assert select.select([self.answers], [], [], 60)[0], "zsh says nothing for 60 s"
            piece = os.read(self.answers, 65536)
            assert piece, "zsh has ended"
            self.told += piece
        line, _, self.told = self.told.partition(b"\n")
        return line.decode()

    def close(self):
        self.process.stdin.close()
        os.close(self.answers)
        self.process.kill()
        self.process.wait()


SHELLS = {"bash": Bash, "fish": Fish, "zsh": Zsh}


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, tmp_path_factory):
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} on this machine")
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "here.json").touch()
    (folder / "hereabouts").mkdir()
    opened = SHELLS[request.param](folder)
    yield opened
    opened.close()


def test_completions_know_every_command(shell):
    for words in every_command():
        text = run_cli(*words, "--help", check=0).stdout
        assert flags(text) <= shell.offers(*words, "--"), words
        if groups := set(subcommands(text)):
            assert groups <= shell.offers(*words, ""), words


@pytest.mark.parametrize("words, offered", [
    ("conn", {"connector", "connectors"}),
    ("connectors exe", {"execute"}),
    ("connectors execute --name list --par", {"--params"}),  # a flag's value is no command
    ("connectors list -o ", {"json", "table"}),
    ("connectors list --output ", {"json", "table"}),
    ("connectors list --output=", {"json", "table"}),
    ("connectors list --output=j", {"json"}),
    ("serve --log-level ", {"debug", "info", "warning", "error"}),
    ("connector show harbor --format ", {"table", "brief", "json", "schema"}),
    ("schema tool", {"tool-calls"}),
    ("completion z", {"zsh"}),
    ("no-such-command conn", {"connector", "connectors"}),
])
def test_completions_of_words_and_values(shell, words, offered):
    assert shell.offers(*words.split(" ")) == offered


@pytest.mark.parametrize("words", ["serve --state-dir ", "serve --state-dir her", "exec-local --credentials her", "connector validate her"])
def test_where_a_value_is_free_files_are_offered(shell, words):
    assert shell.offers(*words.split(" ")) == ({"here.json", "hereabouts"} if shell.ITSELF_NAMES_FILES else set())


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh on this machine")
@pytest.mark.parametrize("loading", [Zsh.SOURCED, Zsh.SOURCED_ALONE])
def test_zsh_completes_however_it_was_loaded(tmp_path, loading):
    zsh = Zsh(tmp_path, loading)
    assert zsh.offers("connectors", "exe") == {"execute"}
    zsh.close()


def test_the_completions_of_powershell_hold_every_command():
    script = run_cli("completion", "powershell", check=0).stdout
    assert script.count("{") == script.count("}") and script.startswith("Register-ArgumentCompleter -Native -CommandName fairlead ")
    entries = re.findall(r"^    '(.*)' = '(.*)'$", script, re.M)
    assert len({name.lower() for name, _ in entries}) == len(entries), "PowerShell refuses a table with a key twice"
    offered = {name: set(words.split()) for name, words in entries}
    for words in every_command():
        text = run_cli(*words, "--help", check=0).stdout
        assert flags(text) | set(subcommands(text)) <= offered[" ".join(words)], words
    assert offered["connectors list --output"] == {"json", "table"} and offered["serve --state-dir"] == set()
