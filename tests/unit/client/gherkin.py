"""Reads as much of OpenFeature's Gherkin as its evaluation scenarios use."""

import re

TABLE = re.compile(r"(?<!\\)\|")


def scenarios(text):
    """Yield (name, steps) of every scenario, once for each row of its examples; a step is (words, table)."""
    for part in re.split(r"(?m)^\s*Scenario(?: Outline)?: ", text)[1:]:
        name, *lines = part.splitlines()
        lines = [line.strip() for line in lines]
        start = next((i for i, line in enumerate(lines) if line.startswith("Examples")), len(lines))
        steps = _steps(lines[:start])
        rows = _examples(lines[start:]) or [{}]
        for row in rows:
            yield (
                f"{name.strip()} {row.get('key', '')}".strip(),
                [(_filled(words, row), table) for words, table in steps],
            )


def _steps(lines):
    steps = []
    for line in lines:
        if match := re.match(r"(?:Given|When|Then|And) (.*)", line):
            steps.append((match[1], []))
        elif line.startswith("|") and steps:
            steps[-1][1].append(_cells(line))
    return steps


def _examples(lines):
    rows, names = [], None
    for line in lines:
        if line.startswith("Examples"):
            names = None
        elif line.startswith("|"):
            cells = _cells(line)
            if names is None:
                names = cells
            else:
                rows.append(dict(zip(names, cells, strict=True)))
    return rows


def _cells(line):
    return [cell.strip() for cell in TABLE.split(line)[1:-1]]


def _filled(words, row):
    for name, value in row.items():
        words = words.replace(f"<{name}>", value)
    return words
