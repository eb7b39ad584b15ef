"""From files that landed to bronze: read, check against the contract, redact, settle duplicates, write Parquet.

What the events mean belongs to the marts (`dbt_project/`) and to `analyze/`.
"""
