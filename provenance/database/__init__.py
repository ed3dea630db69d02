"""The database: engine, tables, locks, migrations, answers by Idempotency-Key."""
