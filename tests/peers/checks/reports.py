"""Validates reports of checks against the schemas beside this folder: .xml against Jenkins' schema of JUnit, .sarif against
that of SARIF 2.1.0. Usage: reports.py FILE…"""

import json
import pathlib
import sys

import jsonschema
import xmlschema

schemas = pathlib.Path(__file__).parent.parent / "schemas"
junit = xmlschema.XMLSchema(schemas / "junit-10.xsd")
sarif = jsonschema.Draft7Validator(
    json.loads((schemas / "sarif-2.1.0.json").read_text()), format_checker=jsonschema.FormatChecker()
)


def errors(path):
    if path.suffix == ".xml":
        return [f"{error.path}: {error.reason}" for error in junit.iter_errors(str(path))]
    return [f"{error.json_path}: {error.message[:200]}" for error in sarif.iter_errors(json.loads(path.read_text()))]


found = [f"{name}: {error}" for name in sys.argv[1:] for error in errors(pathlib.Path(name))]
if found:
    sys.exit("\n".join(found[:20]))
