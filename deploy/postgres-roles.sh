#!/bin/sh
# Runs once, when the database is new: one role for the product, one for Temporal, neither a superuser.
set -eu

secret() { cat "/run/secrets/$1"; }

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v hydra_password="$(secret hydra_password)" -v temporal_password="$(secret temporal_password)" <<'SQL'
create role hydra login createrole password :'hydra_password';
create database hydra owner hydra;
create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
SQL
