"""Writes alerts in Avro with somebody else's library, as a producer does who has its own schema.

    writer.py SCHEMA    one record a line on standard input, as JSON

Of each one line goes to standard output: the record in base64, without any framing. What the library does not accept ends
the program with its own words.
"""

import base64
import io
import json
import sys

import fastavro


def main(schema):
    parsed = fastavro.schema.load_schema(schema)
    for line in sys.stdin:
        written = io.BytesIO()
        fastavro.schemaless_writer(written, parsed, json.loads(line), strict_allow_default=True)
        print(base64.b64encode(written.getvalue()).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
