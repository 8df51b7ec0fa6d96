"""The fusion service of Affectloop."""
