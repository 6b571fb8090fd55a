"""Sends lines of OTLP in JSON to a real collector of OpenTelemetry (rotel) over HTTP, as docs/export.md says, and prints how
many spans the collector says it received. Usage: collector.py FILE"""

import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import rotel


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(address):
    host, port = address.split(":")
    with socket.socket() as caller:
        return caller.connect_ex((host, int(port))) == 0


program = pathlib.Path(rotel.__file__).with_name("rotel-agent")
http, grpc = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
folder = tempfile.TemporaryDirectory()
collector = subprocess.Popen(
    [program, "start", "--exporter", "blackhole", "--debug-log", "traces", "--log-format", "json"]
    + ["--otlp-http-endpoint", http, "--otlp-grpc-endpoint", grpc, "--pid-file", f"{folder.name}/pid"],
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
)
try:
    # It says that it starts before it listens.
    said = [collector.stdout.readline()]
    assert "Starting" in said[0], said
    while not listens(http):
        assert collector.poll() is None, collector.stdout.read()
        # Each attempt takes a port for a moment, of which other tests want some as well.
        time.sleep(0.05)
    lines = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    for line in lines:
        asked = urllib.request.Request(
            f"http://{http}/v1/traces", line.encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == 200, answer.status
    spans = 0
    for _ in lines:
        while not (found := re.search(r'"spans":(\d+)', line := collector.stdout.readline())):
            assert line, "the collector ended"
        spans += int(found[1])
    print(spans)
finally:
    collector.kill()
