#!/bin/sh
# Run once, by the image, on an empty data folder: a role that is no superuser owns the database, so that row-level security binds it.
set -eu
psql --set ON_ERROR_STOP=1 --set secret="$DATABASE_PASSWORD" --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE affectloop LOGIN PASSWORD :'secret';
CREATE DATABASE affectloop OWNER affectloop;
SQL
