#!/usr/bin/env bash
# Builds everything and runs all tests. Installs PostgreSQL, pandas, Chromium and docker-compose
# from the system's packages when they are not there and that is possible.
#   tests/run.sh          the tests of every change, under 15 minutes on 2 cores, with the build
#   tests/run.sh --quick  those without clusters and without the engine, under 90 s after a build
#   tests/run.sh --full   the long fault runs too
# The last line counts: "12 passed, 0 failed, 0 skipped".
set -uo pipefail
cd "$(dirname "$0")/.."

full=0 quick=0
case ${1:-} in
    --full) full=1 ;;
    --quick) quick=1 ;;
    "") ;;
    *) echo "Unknown option '$1'. Usage: tests/run.sh [--quick | --full]" >&2; exit 2 ;;
esac

has_postgres() { command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
if ! has_postgres && command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
    echo "Installing PostgreSQL ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
fi
has_postgres || echo "PostgreSQL is not here; tests that need it will say so."

# The Python that has pandas need not be the first on the path.
find_python() {
    for candidate in python3 /usr/bin/python3; do
        command -v "$candidate" >/dev/null && "$candidate" -c 'import pandas' 2>/dev/null && echo "$candidate" && return
    done
    return 1
}
if ! find_python >/dev/null && command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
    echo "Installing pandas ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        python3-pandas python3-dask mypy python3-pip python3-setuptools python3-wheel >/dev/null
fi

if [[ ! -x /usr/bin/chromium ]] && command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
    echo "Installing Chromium ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
[[ -x /usr/bin/chromium ]] || echo "Chromium is not here; tests of the console will say so."

if ! command -v docker-compose >/dev/null && command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
    echo "Installing docker-compose, which reads the compose files ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-compose >/dev/null
fi
command -v docker-compose >/dev/null || echo "docker-compose is not here; tests of the compose files will say so."

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# One compiler for all projects, which halves the time of a build; it ends with it.
echo "Building ..."
dotnet build Orleans.Cluster.sln -v q -nologo -clp:ErrorsOnly -p:UseSharedCompilation=true
built=$?
dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1
if ((built != 0)); then
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi

passed=0 failed=0 skipped=0
count() { grep -o "\"$1\": *[0-9]*" "$2" | head -1 | grep -o '[0-9]*$' || echo 0; }

run_level() {
    local program=tests/Orleans.Cluster.$1/bin/Debug/net10.0/Orleans.Cluster.$1
    local options=(-noColor -result-ctrf "$results/$1.json" -maxThreads "$(nproc)")
    ((full)) || options+=(-trait- Category=Long)
    echo "== $1"
    ORLEANS_CLUSTER_TESTS_FULL=$full timeout "$((full ? 14400 : 2400))" "$program" "${options[@]}"
    echo $? >"$results/$1.code"
}

run_python() {
    local python
    echo "== Python"
    if python=$(find_python || command -v python3); then
        timeout 1200 "$python" src/python/tests/run.py 2>&1 | tee "$results/python.txt"
    else
        echo "There is no python3, which the tests of the Python client need."
    fi
}

# What waits for databases and clusters runs beside the engine, which wants the processors; its lines come when both are done.
if ((quick)); then
    levels=(UnitTests ClusterTests StorageTests)
    for name in "${levels[@]}"; do run_level "$name"; done
else
    levels=(UnitTests ClusterTests StorageTests EngineTests SystemTests)
    run_level UnitTests
    run_level ClusterTests
    { run_level StorageTests; run_python; } >"$results/beside.txt" 2>&1 &
    run_level EngineTests
    wait
    cat "$results/beside.txt"
    run_level SystemTests
fi

for name in "${levels[@]}"; do
    report=$results/$name.json
    if [[ -s $report ]]; then
        passed=$((passed + $(count passed "$report")))
        failed=$((failed + $(count failed "$report")))
        skipped=$((skipped + $(count skipped "$report")))
    fi
    # A run that broke off, or failed without saying which test, is a failure too.
    if [[ $(cat "$results/$name.code") != 0 ]] && { [[ ! -s $report ]] || (($(count failed "$report") == 0)); }; then
        failed=$((failed + 1))
    fi
done

if ((quick == 0)); then
    counts=$(grep -sE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$results/python.txt" | tail -1)
    if [[ ! $counts ]]; then
        # Without Python nothing is tested of its client, which is a failure where every change is checked.
        [[ -e $results/python.txt || ${CI:-} ]] && counts="0 passed, 1 failed, 0 skipped" || counts="0 passed, 0 failed, 1 skipped"
    fi
    read -r python_passed _ python_failed _ python_skipped _ <<<"$counts"
    passed=$((passed + python_passed)) failed=$((failed + python_failed)) skipped=$((skipped + python_skipped))
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
