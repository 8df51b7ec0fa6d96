"""The physio service of Affectloop."""
