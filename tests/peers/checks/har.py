"""Validates an HTTP archive against the schema of HAR 1.2 (npm's har-schema). Usage: har.py SCHEMAS FILE"""

import json
import pathlib
import sys

import jsonschema
import referencing

folder, file = pathlib.Path(sys.argv[1]), sys.argv[2]
schemas = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
registry = referencing.Registry().with_resources(
    (schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas
)
har = next(schema for schema in schemas if schema["$id"] == "har.json#" or schema["$id"] == "har.json")
archive = json.loads(pathlib.Path(file).read_text())
validator = jsonschema.Draft6Validator(har, registry=registry, format_checker=jsonschema.FormatChecker())
errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(archive)]
if errors:
    sys.exit("\n".join(errors[:20]))
print(len(archive["log"]["entries"]))
