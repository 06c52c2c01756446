#!/bin/sh
# Sends an alert to the webhook in ACSI_ALERT_WEBHOOK: the JSON on standard input, as a study's
# run.alert.command gets it, or, with an argument (systemd, cron), one that says what failed.
set -eu
: "${ACSI_ALERT_WEBHOOK:?no address of a webhook}"
if [ $# -gt 0 ]; then
  what=$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')
  body=$(printf '{"status": "failed", "message": "%s", "host": "%s"}' "$what" "$(uname -n)")
else
  body=$(cat)
fi
# The address is a secret: given this way, the list of processes does not show it.
printf 'url = "%s"\n' "$ACSI_ALERT_WEBHOOK" | curl --config - --fail --silent --show-error \
  --max-time 20 --header 'Content-Type: application/json' --data-raw "$body"
