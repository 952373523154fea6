#!/bin/sh
# Makes the start-up archive of a release: rehearse.sh TARGET TIME. Java keeps the times of the jars in it, so they get
# the one that the release's archive gives them. A release without one only starts slower.
set -eu

stage=$1/rehearsal
rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/lib"
cp "$(dirname "$0")/../../../../lizard" "$stage/bin/"
cp "$1"/lizard-cli-*.jar "$1"/lib/*.jar "$stage/lib/"
touch -d "$2" "$stage"/lib/*.jar
sh "$stage/bin/lizard" --rehearse || echo "the release has no start-up archive" >&2
