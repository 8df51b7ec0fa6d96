"""How right the services are: a folder a task, each with its page under docs/results/."""
