"""Who does which work how well: agents, models and configurations compared on the same cases (R58-R60, R71, R72).

What is proposed from it belongs to `generate/`; the marts are `mart_agents` and `mart_executions`.
"""
