// Submits a job, waits for its end and prints the result's rows. Plain HTTP; needs Node 18 or later and no packages.
//   submit.mjs FILE [COLUMN]      sums of COLUMN (n) by gene
import { randomUUID } from "node:crypto";

const server = process.env.ORLEANS_CLUSTER_SERVER ?? "http://127.0.0.1:8001";
const key = process.env.ORLEANS_CLUSTER_API_KEY;

async function call(path, body, headers = {}) {
  const answer = await fetch(server + path, {
    method: body ? "POST" : "GET",
    body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }), ...headers },
  });
  const document = await answer.json();
  if (!answer.ok) throw new Error(`${document.code}: ${document.detail}`);
  return document;
}

const job = {
  operation: "aggregate",
  source: { path: process.argv[2] },
  parameters: { groupBy: ["gene"], aggregates: [{ function: "sum", column: process.argv[3] ?? "n", as: "total" }], orderBy: [{ column: "gene" }] },
};

// With a key, a submit whose answer was lost can be sent again and still makes one job.
let status = await call("/api/processing/jobs/submit", job, { "Idempotency-Key": randomUUID() });
while (!["SUCCEEDED", "FAILED", "CANCELLED"].includes(status.status)) {
  status = await call(status.links.self, undefined, { Prefer: "wait=1" });
}

if (status.status !== "SUCCEEDED") throw new Error(`${status.status}: ${JSON.stringify(status.error)}`);

for (const row of (await call(status.links.result)).rows) console.log(...row);
