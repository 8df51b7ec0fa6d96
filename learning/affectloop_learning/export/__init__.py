"""Models that others trained, brought into the form that the services run."""
