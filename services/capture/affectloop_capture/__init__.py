"""The capture service of Affectloop."""
