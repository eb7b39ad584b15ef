"""What several test processes need is made by the first that asks; the others wait for it and take a copy."""

import fcntl
import os
import shutil


def made_once(tmp_path_factory, name, make):
    """Return a folder of this process's own with what `make(folder)` has put into it, in this process or another."""
    own = tmp_path_factory.mktemp(name) / "copy"
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared_{name}"
    with shared.with_suffix(".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            shutil.rmtree(shared, ignore_errors=True)
            shared.mkdir()
            make(shared)  # it stays where it was made: a warehouse knows its files by their whole paths
            lock.write("made")
    shutil.copytree(shared, own, symlinks=True)
    return own
