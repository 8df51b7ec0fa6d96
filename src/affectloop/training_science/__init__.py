"""Training science: item difficulty, ability, scoring. Pure."""
