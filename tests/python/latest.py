"""Runs the queries of deploy/sinks that find the last version of each incident in a store that only appends.

    latest.py QUERY

Rows come on standard input, one JSON object a line, in the order in which the store got them; of each incident that the
query leaves one line goes to standard output: its `id`, `version` and `status`.

Neither Splunk nor Azure runs here, nor does anybody else's interpreter of their languages: each stage of the pipe is
translated to SQL by itself, and SQLite runs that. A stage that is not one of those below ends the program, so a query
cannot come to say something that is not tried.
"""

import json
import re
import sqlite3
import sys

# What may stand in a pipe, as SQL over the stage before it. `first` numbers the rows of a partition.
STAGES = [
    # Splunk
    (r'index=\w+ sourcetype="braid:incident"', lambda m: "SELECT arrived, record FROM events"),
    (
        r"spath path=(\w+) output=(\w+)",
        lambda m: f"SELECT *, json_extract(record, '$.{m[1]}') AS \"{m[2]}\" FROM ({{}})",
    ),
    (
        r"sort 0 (\w+), -num\((\w+)\)",
        lambda m: f"SELECT *, row_number() OVER (ORDER BY {m[1]}, CAST({m[2]} AS INTEGER) DESC, arrived) AS place FROM ({{}})",
    ),
    (
        r"dedup (\w+)",
        lambda m: f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {m[1]} ORDER BY place) AS first FROM ({{}})) WHERE first = 1",
    ),
    (r"search NOT (\w+) IN \((.*)\)", lambda m: f"SELECT * FROM ({{}}) WHERE {m[1]} NOT IN ({texts(m[2])})"),
    # Sentinel
    (
        r"\w+_CL",
        lambda m: "SELECT arrived, json_extract(record, '$.id') AS incident_id, json_extract(record, '$.version') AS version, "
        "json_extract(record, '$.status') AS status FROM events",
    ),
    (
        r"summarize arg_max\((\w+), \*\) by (\w+)",
        lambda m: f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {m[2]} ORDER BY {m[1]} DESC) AS first FROM ({{}})) WHERE first = 1",
    ),
    (r"where (\w+) !in \((.*)\)", lambda m: f"SELECT * FROM ({{}}) WHERE {m[1]} NOT IN ({texts(m[2])})"),
]


def texts(words):
    return ", ".join("'" + word.strip().strip('"') + "'" for word in words.split(","))


def translate(query):
    sql = ""
    for stage in re.split(r"\n\| ", query.strip()):
        found = [(match, make) for pattern, make in STAGES if (match := re.fullmatch(pattern, stage))]
        if len(found) != 1:
            sys.exit(f"not a stage that can be run here: {stage}")
        match, make = found[0]
        sql = make(match).replace("{}", sql)
    return sql


def main(query):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE events (arrived INTEGER PRIMARY KEY, record TEXT)")
    database.executemany("INSERT INTO events (record) VALUES (?)", ((line,) for line in sys.stdin))
    database.row_factory = sqlite3.Row
    with open(query, encoding="utf-8") as file:
        rows = database.execute(translate(file.read()))
    for row in rows:
        row = dict(row)
        incident = row.get("incident_id") or row["incident"]
        print(json.dumps({"id": incident, "version": int(row["version"]), "status": row["status"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
