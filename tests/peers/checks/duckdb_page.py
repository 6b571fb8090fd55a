"""Runs the blocks of SQL of a page, one after the other in one DuckDB, in this folder. Prints the rows of each as JSON.
Usage: duckdb_page.py PAGE"""

import json
import pathlib
import re
import sys

import duckdb

page = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
connection = duckdb.connect()
told = []
for block in re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S):
    cursor = connection.execute(block)
    rows = cursor.fetchall() if cursor.description else []
    names = [column[0] for column in cursor.description or []]
    told.append([dict(zip(names, row)) for row in rows])
columns = connection.execute("SELECT * FROM 'calls.parquet'")
told.append([{"name": column[0], "type": str(column[1])} for column in columns.description])
print(json.dumps(told, default=str))
