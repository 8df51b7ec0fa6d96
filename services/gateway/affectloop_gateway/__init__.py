"""The gateway service of Affectloop."""
