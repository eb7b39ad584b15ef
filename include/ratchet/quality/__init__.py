"""Is tonight's data fit to learn from? Expectations as data, the gate they make, and drift against the weeks before.

Great Expectations and Evidently are imported here and nowhere else, and only when a function needs them: each costs
seconds. What a bad line gets at load belongs to `log/`, what a mart holds to dbt.
"""
