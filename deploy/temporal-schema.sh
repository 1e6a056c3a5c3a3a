#!/bin/sh
# Brings Temporal's two databases to the newest schema. May run again: it only goes forward.
set -eu

SQL_PASSWORD="$(cat /run/secrets/temporal_password)"
export SQL_PASSWORD

for pair in temporal:temporal temporal_visibility:visibility; do
  tool() { temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db "${pair%%:*}" "$@"; }
  tool setup-schema -v 0.0
  tool update-schema --schema-name "postgresql/v12/${pair##*:}"
done
