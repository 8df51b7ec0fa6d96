"""The face service of Affectloop."""
