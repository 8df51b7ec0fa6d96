#!/usr/bin/env bash
# Format the storage once, then serve. Takes the place of the image's own scripts, which write beside the program: the root is read-only.
set -euo pipefail
: "${KAFKA:=/opt/kafka}" "${SETTINGS:=/etc/affectloop/kafka}"
export LOG_DIR=/tmp EXTRA_ARGS="" KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=$SETTINGS/log4j2.yaml"
# A cluster's name, not a secret; the same at every start, so that the storage is known again.
"$KAFKA/bin/kafka-storage.sh" format --standalone --ignore-formatted -t YWZmZWN0bG9vcC1sb2NhbA -c "$SETTINGS/server.properties"
exec "$KAFKA/bin/kafka-server-start.sh" "$SETTINGS/server.properties"
