"""Sources as one learner, onto the bus: files in their time or at full speed, devices as they capture."""
