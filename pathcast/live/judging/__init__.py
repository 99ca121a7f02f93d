"""Judging: forecasts scored as they come, the truth kept aside, beside baselines and the best achievable.

`asking` says what is asked of a model, `service_run` and `engine_run` put streams to a server or to an engine in this
process, `scoring` scores the answers, `judgement` makes tables of the scores and `report` a page of the tables.
"""
