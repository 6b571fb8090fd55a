"""Reads lines of OTLP in JSON with the protocol buffers of OpenTelemetry, which refuse what they do not know. Prints what
they hold. Usage: otlp.py FILE

In JSON the ids of OTLP are hexadecimal, where protocol buffers have base64 for bytes.
"""

import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


def in_base64(value):
    if isinstance(value, list):
        return [in_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    new = {}
    for name, item in value.items():
        if name in IDS:
            raw = bytes.fromhex(item)
            assert len(raw) == IDS[name] and any(raw), (name, item)
            item = base64.b64encode(raw).decode()
        new[name] = in_base64(item)
    return new


spans = []
for line in open(sys.argv[1], encoding="utf-8"):
    request = json_format.ParseDict(in_base64(json.loads(line)), ExportTraceServiceRequest())
    for resource in request.resource_spans:
        assert any(item.key == "service.name" for item in resource.resource.attributes)
        for scope in resource.scope_spans:
            spans += scope.spans
assert len({span.span_id for span in spans}) == len(spans), "ids of spans are unique"
for span in spans:
    assert span.name and span.trace_id and span.start_time_unix_nano <= span.end_time_unix_nano, span
known = {(span.trace_id, span.span_id) for span in spans}
print(
    json.dumps(
        {
            "spans": len(spans),
            "errors": sum(span.status.code == 2 for span in spans),
            "roots": sum(not span.parent_span_id for span in spans),
            "clients": sum(span.kind == 3 for span in spans),
            "homeless": sum(
                bool(span.parent_span_id) and (span.trace_id, span.parent_span_id) not in known for span in spans
            ),
        }
    )
)
