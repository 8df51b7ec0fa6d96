"""What Alembic runs: the migrations, in the transaction of the connection that ``Store.migrate`` opened."""

from alembic import context

from affectloop.store.sql.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True)
context.run_migrations()
