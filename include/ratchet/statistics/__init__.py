"""The arithmetic of evidence: intervals, tests, shrinkage and corrections, each vectorised over whole columns.

Arrays in, arrays out, NaN where a row has nothing to compute from; no frame, file, clock or random number. Formulas
that scipy or statsmodels have are taken from there. What a number means and what follows from it belongs to `analyze/`,
`measure/` and `validate/`; how one number is written belongs to `contracts/estimates.py`.
"""
