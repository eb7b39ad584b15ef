"""Fixes in a git repository: one branch each, merged where deployed, and every failure one line that blocks nothing."""

import os
import shutil
import subprocess
from datetime import date

import pytest

from ratchet.contracts.improvements import State
from ratchet.deploy import git_target
from ratchet.deploy.decisions import Kind, Standing
from ratchet.deploy.git_branches import Branches

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="apt-get install git")

DAY = date(2026, 11, 20)
ONE, TWO = "0123456789ab", "ba9876543210"
HOSTILE = "$(touch pwned) `touch pwned`\n```\n# head\n-m x \x1b[31m ; touch pwned"


def standing(fix_id=ONE, state=State.VALIDATED, source="FIX = 1\n", revision=1):
    facts = {"fix_id": fix_id, "source": source, "test": "TEST = 1\n", "operation": HOSTILE}
    return Standing(
        improvement_id=fix_id,
        revision=revision,
        state=state,
        proposed_on=DAY,
        changed_on=DAY,
        actor="night",
        reason="",
        record={"type": "error_fix", "target": "f", "title": HOSTILE},
        validated={"publishes": facts, "proof": {"saved": {"value": 1.0, "n": 20}}},
        validated_on=DAY,
    )


def patches(*standings):
    return git_target.patches({s.improvement_id: s for s in standings}, list(State))


class Repository:
    """A bare repository as others see it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", ".")

    def git(self, *arguments, cwd=None, check=True):
        identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.folder,
            env=os.environ | identity | plain,
            capture_output=True,
            text=True,
            check=check,
        )
        return done.stdout.strip()

    def commit(self, name, text):
        """Let somebody else commit a file to main."""
        clone = self.folder.with_name("somebody")
        shutil.rmtree(clone, ignore_errors=True)
        self.git("clone", "--quiet", str(self.folder), str(clone))
        self.git("switch", "--quiet", "--force-create", "main", cwd=clone)
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
        self.git("add", ".", cwd=clone)
        self.git("commit", "--quiet", "-m", f"change {name}", cwd=clone)
        self.git("push", "--quiet", "origin", "main", cwd=clone)

    def files(self, branch="main"):
        return self.git("ls-tree", "-r", "--name-only", branch, check=False).splitlines()

    def show(self, path, branch="main"):
        return self.git("show", f"{branch}:{path}")

    def branches(self):
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


@pytest.fixture
def repository(tmp_path):
    found = Repository(tmp_path / "remote.git")
    found.commit("README.md", "the application\n")
    return found


@pytest.fixture
def push(tmp_path, repository):
    def run(waiting=(), deployed=(), undone=(), to=None, branch="main"):
        folder = tmp_path / "mirror.git"
        return git_target.push(folder, to or str(repository.folder), branch, waiting, deployed, undone)

    return run


def test_what_waits_has_a_branch_and_what_is_deployed_is_merged(push, repository):
    waiting = patches(standing())
    assert push(waiting).branches == (f"ratchet/{ONE}-r1",)
    assert repository.branches() == ["main", f"ratchet/{ONE}-r1"]
    assert repository.files() == ["README.md"]
    own = [f"fixes/{ONE}/{name}" for name in ("EVIDENCE.md", "fix.py", "test_fix.py")]
    assert repository.files(f"ratchet/{ONE}-r1") == ["README.md", *own]
    done = push((), waiting)
    assert (done.merged, done.problems) == ((ONE,), ())
    assert repository.files() == ["README.md", *own]
    assert repository.show(f"fixes/{ONE}/fix.py") == "FIX = 1"


def test_doing_it_again_changes_nothing_even_without_the_mirror(push, repository, tmp_path):
    found = patches(standing(), standing(TWO))
    push(found[:1], found[1:])
    before = repository.git("for-each-ref")
    assert push(found[:1], found[1:]) == git_target.Pushed()
    shutil.rmtree(tmp_path / "mirror.git")
    assert push(found[:1], found[1:]) == git_target.Pushed()
    assert repository.git("for-each-ref") == before


def test_a_merged_branch_may_be_deleted_and_the_fix_edited_by_its_owners(push, repository):
    push((), patches(standing()))
    repository.git("branch", "-D", f"ratchet/{ONE}-r1")
    assert push((), patches(standing())) == git_target.Pushed()
    assert repository.branches() == ["main"]


def test_a_night_of_the_same_records_makes_the_same_commits(push, repository, tmp_path):
    push(patches(standing()))
    first = repository.git("rev-parse", f"ratchet/{ONE}-r1")
    repository.git("branch", "-D", f"ratchet/{ONE}-r1")
    shutil.rmtree(tmp_path / "mirror.git")
    push(patches(standing()))
    assert repository.git("rev-parse", f"ratchet/{ONE}-r1") == first


def test_an_empty_repository_gets_its_first_commit(push, tmp_path):
    empty = Repository(tmp_path / "empty.git")
    assert push((), patches(standing()), to=str(empty.folder)).merged == (ONE,)
    assert len(empty.files()) == 3


def test_a_remote_that_is_ahead_is_merged_again(push, repository, monkeypatch):
    push(patches(standing()))
    repository.commit("earlier.txt", "before the night\n")
    real, pushed = Branches._push, []

    def late(self, commit, branch):
        if branch == "main" and not pushed:
            pushed.append(commit)
            repository.commit("later.txt", "at the same time\n")
        return real(self, commit, branch)

    monkeypatch.setattr(Branches, "_push", late)
    done = push((), patches(standing()))
    assert (done.merged, done.problems) == ((ONE,), ())
    assert {"earlier.txt", "later.txt", f"fixes/{ONE}/fix.py"} <= set(repository.files())


def test_a_conflict_is_one_line_and_spares_the_other_fixes(push, repository):
    push(patches(standing()))
    repository.commit(f"fixes/{ONE}/fix.py", "and changed at the same place\n")
    done = push((), patches(standing(), standing(TWO)))
    assert done.merged == (TWO,)
    (line,) = done.problems
    assert "in conflict with main" in line
    assert "\n" not in line
    assert repository.show(f"fixes/{ONE}/fix.py") == "and changed at the same place"


def test_a_branch_that_somebody_changed_is_not_merged(push, repository):
    push(patches(standing()))
    repository.git("branch", "--force", f"ratchet/{ONE}-r1", "main")
    done = push((), patches(standing()))
    assert (done.merged, len(done.problems)) == ((), 1)
    assert "is not what was validated" in done.problems[0]
    assert repository.files() == ["README.md"]


def test_what_is_undone_is_taken_out_again(push, repository):
    push((), patches(standing(), standing(TWO)))
    done = push((), patches(standing(TWO)), [ONE])
    assert (done.removed, done.problems) == ((ONE,), ())
    assert {path.split("/")[1] for path in repository.files() if path.startswith("fixes/")} == {TWO}
    assert push((), patches(standing(TWO)), [ONE, "../.."]) == git_target.Pushed()


@pytest.mark.parametrize(
    ("to", "branch", "said"),
    [
        ("/nowhere/at/all", "main", "does not appear to be a git repository"),
        ("https://ann:secret@127.0.0.1:1/x.git", "main", "127.0.0.1"),
        ("ext::sh -c 'touch pwned'", "main", "not allowed"),
        ("--upload-pack=touch pwned", "main", "cannot be a branch of a repository"),
        (None, "--delete", "cannot be a branch of a repository"),
        (None, "a..b", "cannot be a branch of a repository"),
    ],
)
def test_a_repository_that_cannot_be_written_is_one_line(push, tmp_path, monkeypatch, to, branch, said):
    monkeypatch.chdir(tmp_path)
    (line,) = push(patches(standing()), to=to, branch=branch).problems
    assert said in line
    assert "\n" not in line
    assert "secret" not in line
    assert not list(tmp_path.rglob("pwned"))


def test_no_rights_are_one_line(push, repository):
    hook = repository.folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho you may not push here >&2\nexit 1\n")
    hook.chmod(0o755)
    (line,) = push(patches(standing())).problems
    assert "you may not push here" in line
    assert line.endswith("the next live night tries again")


def test_no_git_is_one_line(push, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = push(patches(standing())).problems
    assert "git is not installed" in line


def test_words_of_a_log_stay_text(push, repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    push((), patches(standing()))
    assert not list(tmp_path.rglob("pwned"))
    log = repository.git("log", "--format=%B", "main")
    assert "touch" not in log
    page = repository.show(f"fixes/{ONE}/EVIDENCE.md").splitlines()
    assert [line for line in page if line.startswith("```")] == ["```json", "```"]
    assert not any(line.startswith("# head") for line in page)
    assert "\x1b" not in "".join(page)


def test_configuration_and_hooks_of_the_user_are_not_used(push, repository, tmp_path, monkeypatch):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "pre-commit", "post-merge", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned\n")
        (hooks / name).chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f'[core]\nhooksPath = {hooks}\n[user]\nname = somebody\n[url "/nowhere/"]\ninsteadOf = {tmp_path}/\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hooks))
    done = push((), patches(standing()))
    monkeypatch.undo()
    assert done.problems == ()
    assert not (tmp_path / "pwned").exists()
    assert repository.git("log", "-1", "--format=%an %cn", "main") == "Ratchet Ratchet"


def test_what_failed_is_told_by_the_report_of_the_next_night_alone():
    said = git_target.failed(git_target.Pushed(problems=("no rights", "a conflict")), DAY)
    assert {d.decision for d in said} == {Kind.TARGET_FAILED}
    assert git_target.failures(said, DAY) == ["no rights", "a conflict"]
    assert git_target.failures(said, date(2026, 11, 21)) == []
