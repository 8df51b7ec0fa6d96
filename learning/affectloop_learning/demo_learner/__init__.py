"""What ``affectloop render demo-learner`` is made of: the story, and the face, voice and body that play it. All synthetic."""
