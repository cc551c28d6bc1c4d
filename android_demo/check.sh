#!/usr/bin/env bash
# Checks the Android app as far as a JVM can: links its resources, compiles it against Android and
# the signatures in typecheck/stubs, inflates and draws its screens, packs and signs a check APK and
# looks into it. Needs a JDK 17, Maven and Debian's `aapt`, `zipalign`, `apksigner`. README.md says
# what this does not show.
#
#   ./check.sh             everything
#   ./check.sh --pictures  and writes the pictures of docs/ anew
set -euo pipefail
cd "$(dirname "$0")"

pictures=""
case "${1:-}" in
  "") ;;
  --pictures) pictures="$PWD/docs" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

# Short runs: no time spent on making code better that runs for seconds.
export MAVEN_OPTS="${MAVEN_OPTS:--XX:TieredStopAtLevel=1 -XX:+UseSerialGC}"
python3 typecheck/prepare.py
mvn -B -ntp -q -f typecheck/pom.xml test -Dpictures.folder="$pictures"
python3 typecheck/check_apk.py
