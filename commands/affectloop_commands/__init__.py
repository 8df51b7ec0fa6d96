"""The commands that stand above the services: replay, record, report and demo, with the recorded and the simulated learner."""
