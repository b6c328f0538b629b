"""kill -9 at random moments, then resume; and two processes on one store."""

import threading
import time

import pytest
from killed import DRAWS, Zygote, answers, killed_and_resumed
from messages_server import Answer, message

from equipoise.errors import UsageError
from equipoise.sampling.store import Store, stored_counts


@pytest.fixture(scope="module")
def zygote():
    made = Zygote()
    yield made
    made.close()


@pytest.mark.parametrize("mode", ["direct", "batches"])
def test_killed_three_times_and_resumed(mode, zygote, tmp_path):
    series = killed_and_resumed(zygote, tmp_path, mode, 3, seed=7)
    for run in series.runs:
        # At most the requests under way were asked for twice.
        assert mode == "batches" or DRAWS <= run.asked <= DRAWS + 4
    # No batch was paid for twice: three for the calm run, three for each killed one.
    assert series.batches == (0 if mode == "direct" else 3 * 4)


def test_two_processes_on_one_store(zygote, serve, tmp_path):
    """One works; the other says why not, and touches nothing."""
    server = serve(lambda request: Answer(body=message("Friday"), delay=0.05))
    store = tmp_path / "shared.db"
    order = {"store": str(store), "url": server.url, "draws": DRAWS, "mode": "direct"}
    statuses = []
    worker = threading.Thread(target=lambda: statuses.append(zygote.run(**order)))
    worker.start()
    while answers(store) < 4:
        time.sleep(0.01)
    with pytest.raises(UsageError, match=r"another process \(process \d+\) is writing to"):
        Store(store)
    assert answers(store) < DRAWS  # reading is allowed
    worker.join()
    assert statuses == [0]
    assert stored_counts(store).n_trials == DRAWS
    Store(store).close()
