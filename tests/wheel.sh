#!/bin/sh
# Builds the wheel, installs it into a bare environment and runs the demo from an empty directory:
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
"$place/bare/bin/python" -c 'import asgiviz.lessons_place as l; assert any(l.lessons_directory().iterdir())'
echo "wheel: installed bare, demo ran, $(wc -l <"$place/demo.txt") lines"
