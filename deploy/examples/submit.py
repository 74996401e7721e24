"""Submits a job, waits for its end and prints the result's rows. Plain HTTP; nothing but Python's own library.

submit.py FILE [COLUMN]: sums of COLUMN (n) by gene
"""
import json
import os
import sys
import urllib.error
import urllib.request
import uuid

SERVER = os.environ.get("ORLEANS_CLUSTER_SERVER", "http://127.0.0.1:8001")
KEY = os.environ.get("ORLEANS_CLUSTER_API_KEY")


def call(path, body=None, **headers):
    request = urllib.request.Request(SERVER + path, None if body is None else json.dumps(body).encode(), headers)
    request.add_header("Content-Type", "application/json")
    if KEY:
        request.add_header("Authorization", f"Bearer {KEY}")
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        # A problem document says what is wrong, where, and what to do.
        problem = json.load(refusal)
        for fault in problem.get("errors") or []:
            print(f"{fault['pointer']}: {fault['detail']}", file=sys.stderr)
        sys.exit(f"{problem['detail']} ({problem['code']}) {problem.get('hint') or ''}")


column = sys.argv[2] if len(sys.argv) > 2 else "n"


job = {
    "operation": "aggregate",
    "source": {"path": sys.argv[1]},
    "parameters": {"groupBy": ["gene"], "aggregates": [{"function": "sum", "column": column, "as": "total"}], "orderBy": [{"column": "gene"}]},
}

# With a key, a submit whose answer was lost can be sent again and still makes one job.
status = call("/api/processing/jobs/submit", job, **{"Idempotency-Key": str(uuid.uuid4())})
while status["status"] not in ("SUCCEEDED", "FAILED", "CANCELLED"):
    status = call(status["links"]["self"], Prefer="wait=1")

if status["status"] != "SUCCEEDED":
    sys.exit(f"{status['status']}: {status['error']}")

for row in call(status["links"]["result"])["rows"]:
    print(*row)
