"""Sessions remember the services that a fault stopped them in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.add_column("sessions", sa.Column("faults", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("sessions") as table:
        table.drop_column("faults")
