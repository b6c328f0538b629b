"""From the collector's store to the bundled table of sixteen kernels.

python examples/small-models/bundle.py small-models.db small-models.csv
"""

import csv
import json
import sqlite3
import sys

MODELS = {"smollm2-135m": "SmolLM2", "gemma3-270m": "Gemma"}
COUNTED = """
    SELECT run.task, agent.model, agent.parameters, job.from_state, outcome.to_state, count(*)
    FROM response JOIN job USING (job_id) JOIN run USING (run_id) JOIN agent USING (agent_id)
    JOIN outcome USING (response_id)
    GROUP BY run.run_id, job.from_state, outcome.to_state ORDER BY run.run_id, job.from_state
"""


def main(store: str, table: str) -> None:
    """Write model, task, template, temperature, source, target (empty: none), count."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    with open(table, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["task", "model", "template", "temperature", "source", "target", "count"])
        for task, model, parameters, source, target, count in connection.execute(COUNTED):
            about, _, template = task.partition("-")
            temperature = json.loads(parameters)["temperature"]
            named = [about, MODELS[model], template or "list", f"{temperature:g}"]
            rows.writerow([*named, source, target or "", count])


if __name__ == "__main__":
    main(*sys.argv[1:])
