"""The tables of a store.

One row of ``agent`` is one kernel: provider, model, template, parameters. A ``run`` asks one agent
by one policy. A ``job`` is a draw: a number and a source. Every try to get its answer is an
``attempt``; the answer is a ``response``, kept raw; what it counts as is its ``outcome``, which can
be made again by another parser.
"""

VERSION = 1
APPLICATION = 0x45515053  # "EQPS"

TABLES = """
CREATE TABLE agent (
  agent_id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  base_url TEXT NOT NULL,
  template_sha256 TEXT NOT NULL,
  template TEXT NOT NULL,
  parameters TEXT NOT NULL,
  UNIQUE (provider, model, base_url, template_sha256, parameters)
) STRICT;

CREATE TABLE run (
  run_id INTEGER PRIMARY KEY,
  agent_id INTEGER NOT NULL REFERENCES agent,
  task TEXT NOT NULL,
  states TEXT NOT NULL,
  closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
  policy TEXT NOT NULL,
  seed INTEGER NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('direct', 'batches')),
  created_at TEXT NOT NULL,
  UNIQUE (agent_id, task, states, policy, seed, mode)
) STRICT;

CREATE TABLE session (
  session_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  ended_because TEXT,
  versions TEXT NOT NULL,
  observed TEXT NOT NULL
) STRICT;

CREATE TABLE source (
  run_id INTEGER NOT NULL REFERENCES run,
  state TEXT NOT NULL,
  since_draw INTEGER NOT NULL,
  PRIMARY KEY (run_id, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
  batch_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL UNIQUE,
  intended_at TEXT NOT NULL,
  server_id TEXT UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('intended', 'submitted', 'ended', 'withdrawn'))
) STRICT;

CREATE TABLE job (
  job_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run,
  draw INTEGER NOT NULL,
  from_state TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'submitted', 'done')),
  batch_id INTEGER REFERENCES batch,
  UNIQUE (run_id, draw)
) STRICT;
CREATE INDEX job_pending ON job (run_id, draw) WHERE status = 'pending';
CREATE INDEX job_batch ON job (batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE attempt (
  attempt_id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL REFERENCES job,
  session_id INTEGER NOT NULL REFERENCES session,
  batch_id INTEGER REFERENCES batch,
  at TEXT NOT NULL,
  seconds REAL,
  http_status INTEGER,
  request_id TEXT,
  fault TEXT,
  message TEXT,
  body TEXT
) STRICT;
CREATE INDEX attempt_fault ON attempt (job_id) WHERE fault IS NOT NULL;

CREATE TABLE response (
  response_id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL UNIQUE REFERENCES job,
  attempt_id INTEGER NOT NULL REFERENCES attempt,
  raw_text TEXT NOT NULL,
  stop_reason TEXT,
  model_returned TEXT,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  usage TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE parser (
  parser_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE outcome (
  response_id INTEGER PRIMARY KEY REFERENCES response,
  parser_id INTEGER NOT NULL REFERENCES parser,
  kind TEXT NOT NULL CHECK (kind IN ('state', 'invalid', 'refusal', 'truncated')),
  to_state TEXT,
  reason TEXT,
  CHECK ((kind = 'state') = (to_state IS NOT NULL))
) STRICT;

CREATE VIEW draw AS
  SELECT job.run_id, job.draw, job.from_state, outcome.kind, outcome.to_state, outcome.reason,
         job.batch_id, response.model_returned, response.stop_reason, response.input_tokens,
         response.output_tokens, response.raw_text, attempt.at, attempt.request_id
  FROM response
  JOIN job USING (job_id)
  JOIN attempt USING (attempt_id)
  LEFT JOIN outcome USING (response_id);
"""
