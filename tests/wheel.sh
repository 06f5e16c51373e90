#!/bin/sh
# Builds the wheel, installs it into a bare environment, and runs the demo and a lesson from an empty directory:
# what a user gets, without this checkout anywhere in sight.
set -eu
python=$1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m build --wheel --outdir "$place/dist" . >"$place/build.log" 2>&1 || { cat "$place/build.log"; exit 1; }
"$python" -m venv "$place/bare"
"$place/bare/bin/python" -m pip install --quiet --disable-pip-version-check "$place"/dist/*.whl
mkdir "$place/empty"
cd "$place/empty"
"$place/bare/bin/asgiviz" demo --plain >"$place/demo.txt" 2>"$place/demo.err" </dev/null || { cat "$place/demo.err"; exit 1; }
grep -q 'http.response.start' "$place/demo.txt" || { echo "the demo of the wheel shows no response"; exit 1; }
lessons=$("$place/bare/bin/python" -c 'import asgiviz.lessons_place as l; print(l.lessons_directory())')
case $lessons in "$place"/*) ;; *) echo "the wheel takes its lessons from $lessons"; exit 1 ;; esac
export ASGIVIZ_PROGRESS="$place/progress.json"
for clock in virtual real; do
    "$place/bare/bin/asgiviz" lesson 6 --clock $clock --check "$lessons/06-blocking-the-loop/solution" >"$place/grade.txt" 2>&1 ||
        { cat "$place/grade.txt"; echo "the solution of a lesson of the wheel does not pass on the $clock clock"; exit 1; }
done
if "$place/bare/bin/asgiviz" lesson 6 --check "$lessons/06-blocking-the-loop/exercise" >"$place/grade.txt" 2>&1; then
    cat "$place/grade.txt"; echo "the starter of a lesson of the wheel passes"; exit 1
fi
grep -q 'app.py' "$place/grade.txt" || { cat "$place/grade.txt"; echo "the evidence names no line of the starter"; exit 1; }
echo "wheel: installed bare, demo ran, $(wc -l <"$place/demo.txt") lines; a lesson was graded on both clocks"
