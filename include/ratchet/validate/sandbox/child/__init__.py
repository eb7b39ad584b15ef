"""What the sandbox's interpreter runs: standard library only, and loaded from memory before anything is locked.

`boot` starts, `harness` warms up, locks and runs; `limits`, `namespaces`, `seccomp` and `refusal` are the locks,
`clock` makes time virtual. None of it is imported by the pipeline itself.
"""
