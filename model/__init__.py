"""Models: engines that forecast without torch, and the training that makes their bundles.

`engine`, `states`, `forecast`, `bundle` and what they need never import torch; `training` and `network` do.
"""
