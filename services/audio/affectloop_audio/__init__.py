"""The audio service of Affectloop."""
