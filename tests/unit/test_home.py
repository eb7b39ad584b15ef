import multiprocessing
import os

import pytest

from ratchet.errors import HomeBusyError, StorageError
from ratchet.home import Home

LONG_S = 120  # for what a loaded machine may take; nothing waits so long where all goes well


def _hold(root, ready, done):
    with Home(root).lock():
        ready.set()
        done.wait(LONG_S)


def test_a_second_process_is_told_who_holds_the_home(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(tmp_path, ready, done))
    holder.start()
    try:
        assert ready.wait(LONG_S)
        with pytest.raises(HomeBusyError, match=f"process {holder.pid} is writing"), Home(tmp_path).lock():
            pass
    finally:
        done.set()
        holder.join()
    with Home(tmp_path).lock():  # free again once the other is gone
        assert (tmp_path / ".lock").read_text() == str(os.getpid())


def test_a_home_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="set RATCHET_HOME"), Home(tmp_path / "file" / "home").lock():
        pass
