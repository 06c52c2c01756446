#!/bin/sh
# Mails an alert to ACSI_ALERT_MAIL: the JSON on standard input, as a study's run.alert.command
# gets it, or, with an argument (systemd, cron), what failed. Needs sendmail or its like.
set -eu
: "${ACSI_ALERT_MAIL:?no address to mail to}"
if [ $# -gt 0 ]; then body="$1 failed on $(uname -n)"; else body=$(cat); fi
printf 'To: %s\nSubject: acsi-sem on %s\nContent-Type: text/plain; charset=utf-8\n\n%s\n' \
  "$ACSI_ALERT_MAIL" "$(uname -n)" "$body" | "${SENDMAIL:-/usr/sbin/sendmail}" -t
