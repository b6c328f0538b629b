"""What a store holds, run by run, without the replies."""

import os
from contextlib import closing
from dataclasses import dataclass

from equipoise.sampling.store.connection import open_reader


@dataclass(frozen=True)
class RunSummary:
    """A run as it is listed.

    Attributes
    ----------
    run_id : int
    task, provider, model, policy, mode : str
        Text of the store, not trusted.
    seed : int
    created_at : str
    parameters : str
        JSON.
    template_sha256 : str
    laid, done, valid : int
        Draws laid down, answered, and that reached a state.
    faults : int
        Attempts that brought no answer.
    input_tokens, output_tokens : int
    last_end : str or None
        How the last session ended; None while it is under way, or where it was killed.
    """

    run_id: int
    task: str
    provider: str
    model: str
    policy: str
    mode: str
    seed: int
    created_at: str
    parameters: str
    template_sha256: str
    laid: int
    done: int
    valid: int
    faults: int
    input_tokens: int
    output_tokens: int
    last_end: str | None


@dataclass(frozen=True)
class RunDetail:
    """What is worth knowing of one run beside its counts.

    Attributes
    ----------
    models_returned : tuple of (str, int)
        Models that answered, as servers name them, and how often.
    outcomes : tuple of (str, str, int)
        Kind, reason and number of answers.
    faults : tuple of (str, int)
        Kinds of fault and how often.
    sources : tuple of (str, int, int, int)
        Each source with draws answered, draws that reached a state, and attempts lost: where long
        answers are lost more often, the others are selected.
    sessions : tuple of (str, str or None, str or None)
        Begin, end and ending of each session.
    """

    models_returned: tuple[tuple[str, int], ...]
    outcomes: tuple[tuple[str, str, int], ...]
    faults: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, int, int, int], ...]
    sessions: tuple[tuple[str, str | None, str | None], ...]


def list_runs(path: str | os.PathLike[str]) -> tuple[RunSummary, ...]:
    """Return the runs of a store, oldest first.

    Parameters
    ----------
    path : str or path
        The store; another process may be writing to it.

    Returns
    -------
    tuple of RunSummary
        How far each is; its texts are those of the store, not trusted.

    Raises
    ------
    UsageError, DataError
        If there is no such store.
    """
    with closing(open_reader(path)) as connection:
        rows = connection.execute(
            "SELECT run_id, task, provider, model, policy, mode, seed, created_at, parameters, "
            "template_sha256, "
            "(SELECT count(*) FROM job WHERE job.run_id = run.run_id), "
            "(SELECT count(*) FROM draw WHERE draw.run_id = run.run_id), "
            "(SELECT count(*) FROM draw WHERE draw.run_id = run.run_id AND kind = 'state'), "
            "(SELECT count(*) FROM attempt JOIN job USING (job_id) "
            " WHERE job.run_id = run.run_id AND fault IS NOT NULL), "
            "(SELECT coalesce(sum(input_tokens), 0) FROM draw WHERE draw.run_id = run.run_id), "
            "(SELECT coalesce(sum(output_tokens), 0) FROM draw WHERE draw.run_id = run.run_id), "
            "(SELECT ended_because FROM session WHERE session.run_id = run.run_id "
            " ORDER BY session_id DESC LIMIT 1) "
            "FROM run JOIN agent USING (agent_id) ORDER BY run_id"
        ).fetchall()
    return tuple(RunSummary(*row) for row in rows)


def inspect_run(path: str | os.PathLike[str], run_id: int) -> RunDetail:
    """Return what is worth knowing of one run.

    Parameters
    ----------
    path : str or path
        The store; another process may be writing to it.
    run_id : int
        Its number, as :func:`list_runs` gives it.

    Returns
    -------
    RunDetail
        Outcomes, faults, sources and sessions; texts of the store, not trusted.

    Raises
    ------
    UsageError, DataError
        If there is no such store.
    """
    queries = (
        "SELECT coalesce(model_returned, 'unnamed'), count(*) FROM draw WHERE run_id=? "
        "GROUP BY 1 ORDER BY 2 DESC",
        "SELECT kind, coalesce(reason, ''), count(*) FROM draw WHERE run_id=? AND kind IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY 3 DESC",
        "SELECT fault, count(*) FROM attempt JOIN job USING (job_id) "
        "WHERE run_id=? AND fault IS NOT NULL GROUP BY 1 ORDER BY 2 DESC",
        "SELECT job.from_state, count(DISTINCT response.response_id), "
        "count(DISTINCT CASE WHEN kind = 'state' THEN response.response_id END), "
        "count(CASE WHEN fault IS NOT NULL THEN 1 END) "
        "FROM job JOIN attempt USING (job_id) LEFT JOIN response USING (job_id) "
        "LEFT JOIN outcome USING (response_id) WHERE run_id=? GROUP BY 1 ORDER BY 1",
        "SELECT started_at, ended_at, ended_because FROM session WHERE run_id=? ORDER BY 1",
    )
    with closing(open_reader(path)) as connection:
        found = [tuple(connection.execute(query, (run_id,)).fetchall()) for query in queries]
    return RunDetail(*found)
