#!/usr/bin/env bash
# Builds the image, starts the compose project on a port of its own, and checks what compose promises: a job through the published port, a
# killed worker and a killed gateway in the middle of a longer one cost time only, cluster/scale changes the number of containers.
# Needs a Docker engine and docker-compose. Removes what it made.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=300000
work=$(mktemp -d)
export COMPOSE_PROJECT_NAME=orleans-cluster-test DATA_DIRECTORY=$work/data GATEWAY_ADDRESS=127.0.0.1:${PORT:-18301} WORKERS=3
export DOCKER_GROUP=$(stat -c %g /var/run/docker.sock)
compose() { docker-compose -f docker-compose.yml -f deploy/docker-compose.scaling.yml "$@"; }
trap 'compose down --volumes --timeout 5 >/dev/null 2>&1; rm -rf "$work"' EXIT

fail() { echo "FAILED: $*"; compose logs --tail 20 gateway; exit 1; }
call() { curl -sS --max-time 60 -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "$@"; }
api() { call "http://$GATEWAY_ADDRESS/api/processing/$1" "${@:2}"; }
field() { grep -o "\"$1\":\"\?[^,\"}]*" | head -1 | sed 's/.*://; s/"//'; }
until_is() { # until_is WHAT SECONDS COMMAND...
    local end=$((SECONDS + $2))
    until [[ $("${@:3}" 2>/dev/null) == "$1" ]]; do ((SECONDS < end)) || fail "not '$1' within $2 s: ${*:3}"; sleep 1; done
}
active() { api cluster/status | field activeWorkers; }
containers() { compose ps -q worker | xargs -r docker inspect -f '{{.State.Running}}' | grep -c true; }
phase() { api "jobs/$1/status" | field status; }
committed() { (($(api "jobs/$1/status" | field completed) > 0)) && echo yes; }

mkdir -p "$DATA_DIRECTORY"
awk -v n=$rows 'BEGIN { print "k,v"; for (i = 0; i < n; i++) print "key" i % 50 "," i % 997 }' >"$DATA_DIRECTORY/table.csv"
expected=$(awk -F, 'NR > 1 { s += $2 } END { print s }' "$DATA_DIRECTORY/table.csv")
chmod -R a+rX "$work"

[[ ${1:-} == --no-build ]] || compose build
compose up -d --scale worker=$WORKERS
key=none
until_is 204 120 curl -s -o /dev/null -w '%{http_code}' "http://$GATEWAY_ADDRESS/api/processing/health/live"
key=$(compose exec -T gateway cat /admin/api-key)
until_is $WORKERS 60 active

submit() {
    api jobs/submit -d '{"operation":"aggregate","source":{"path":"table.csv"},"partitioning":{"targetBytes":100000},"parameters":{
        "aggregates":[{"function":"sum","column":"v","as":"total"}],"where":"length(md5(repeat(k, 4000))) = 32"}}' | field id
}
check() { [[ $(api "jobs/$1/result" | grep -o '"rows":\[\[[^]]*' | grep -o '[0-9]*') == "$expected" ]] || fail "the sum is not $expected"; }

job=$(submit)
until_is yes 120 committed "$job"
docker kill "$(compose ps -q worker | head -1)" >/dev/null
gateway=$(compose ps -q gateway)
docker kill "$gateway" >/dev/null
sleep 2
docker start "$gateway" >/dev/null
until_is SUCCEEDED 300 phase "$job"
check "$job"
echo "A killed worker and a killed gateway cost time only."

until_is $WORKERS 60 active
for size in 5 2; do
    api cluster/scale -d "{\"workers\":$size}" >/dev/null
    until_is $size 60 active
    until_is $size 60 containers
done
echo "cluster/scale changes the number of containers."
echo "PASSED"
