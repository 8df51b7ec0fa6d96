"""Training and evaluation of what the services serve: ``affectloop train``, ``affectloop evaluate``, ``affectloop render``.

A task is a ``affectloop.cli.Command`` in a module of its own, which an entry point names (``affectloop.evaluations``,
``affectloop.trainings``, ``affectloop.renderings``). That module imports what its arguments need; what does the work, torch
most of all, is imported when it runs, so that a list of tasks is quick and help needs no extra.
"""
