"""The science behind the pipeline: networks, the game, the Parzen window, data sets and reporting.

Nothing here reads ``params.yaml``, knows about DVC or touches a path that it was not given: that is the stages' part.
"""
