"""What ``learning/make_demo_learner.py`` is made of: the story, and the face, voice and body that play it. All synthetic."""
