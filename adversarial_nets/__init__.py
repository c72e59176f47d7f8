"""The science behind the pipeline: networks, the game, the Parzen window, data sets and reporting.

Nothing here reads ``params.yaml``, knows about DVC or touches a path that it was not given: that is the stages' part. Only
``gate`` and ``history`` do, for the command line and the scripts: they read the finished results of this and other revisions.
"""
