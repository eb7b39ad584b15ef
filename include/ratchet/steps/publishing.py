"""What a night hands out: its report and artifacts, and where it is live what the application reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ratchet import files, inputs, retention
from ratchet.night import Night
from ratchet.settings import config_folder
from ratchet.steps.live import is_live
from ratchet.steps.results import Summary

if TYPE_CHECKING:
    from ratchet.deploy.decisions import Decision


def report(night: Night) -> Summary:
    """Draw the report, put every artifact of the night in place, and bring the shelf of all nights up to date."""
    from ratchet import artifacts, shelf
    from ratchet import report as reporting
    from ratchet.deploy import decisions, git_target

    results = {name: night.result(name) for name in artifacts.RESULTS}
    results["steps"] = list(night.marks().values())
    results["target_failures"] = git_target.failures(decisions.read(night.home.decisions, night.day), night.day)
    view = reporting.build(results, night.day)
    pages = {
        "report.html": reporting.render_html(view),
        "report.md": reporting.render_markdown(view),
        "report.json": files.to_json(view.as_dict()),
        "summary.json": files.to_json(reporting.summary(files.plain(view.as_dict()), *_of_summary(results))),
        **_fix_pages(night),
    }
    folder = artifacts.assemble(night, pages | reporting.task_pages(night.result("tasks")))
    shelf.write(night.home, night.day)
    return {"report": str(folder / "report.html"), "headline": view.headline}


def _of_summary(results: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return results["health"] or {}, results["fixes"] or {}


def _fix_pages(night: Night) -> dict[str, str]:
    """Return the page of each fix of the night, by its path in the night's folder."""
    from ratchet.deploy import decisions
    from ratchet.deploy import fixes as fixed
    from ratchet.shelf import pages

    made = sorted(path for path in (night.work / fixed.FOLDER).glob("*") if (path / "fix.json").exists())
    if not made:
        return {}
    in_force = fixed.texts(fixed.in_force(decisions.read(night.home.decisions, night.day), night.day))
    return {
        f"{fixed.FOLDER}/{path.name}/index.html": pages.fix(
            files.read_json(path / "fix.json"),
            {name: (path / name).read_text("utf-8") for name in (fixed.FIX_FILE, fixed.TEST_FILE)},
            {
                name: in_force.get(f"{fixed.FOLDER}/{path.name}/{name}", "")
                for name in (fixed.FIX_FILE, fixed.TEST_FILE)
            },
            night.day,
        )
        for path in made
    }


def publish(night: Night) -> Summary:
    """Switch `artifacts/latest` and `published/` to a live night that passed its gates, and deploy what is approved."""
    from ratchet import prompt_files
    from ratchet.contracts.adaptive import SETTINGS_FILE
    from ratchet.contracts.prompts import PROMPTS_FILE
    from ratchet.deploy import api_clients, decisions, drafts, prompts
    from ratchet.deploy import fixes as fixed
    from ratchet.deploy import publish as publication
    from ratchet.deploy.deployments import as_recorded, in_version
    from ratchet.deploy.flags import FLAGS_FILE

    if not is_live(night):
        return {"published": None, "reason": "not the newest landed day that is over"}
    tomorrow = night.day + timedelta(days=1)  # when it is really published, and in force
    recorded = decisions.read(night.home.decisions, tomorrow)
    deployed = as_recorded(_deployments(night), recorded)
    in_force = fixed.in_force((*recorded, *deployed), tomorrow)
    clients = inputs.published_clients(night, api_clients.in_force((*recorded, *deployed), tomorrow))
    contents = {
        "health.json": night.result("health"),
        FLAGS_FILE: inputs.trials(night, tomorrow, deployed).flags(),
        fixed.INDEX_FILE: fixed.index(in_force),
        api_clients.INDEX_FILE: api_clients.index(clients),
        PROMPTS_FILE: prompts.document(
            drafts.with_refinements(
                prompt_files.load(config_folder()).prompts, drafts.started((*recorded, *deployed), tomorrow)
            )
        ),
        SETTINGS_FILE: _settings_file(night, (*recorded, *deployed), tomorrow),
    }
    files.switch_link(night.home.latest, night.home.artifacts(night.day))
    version = publication.publish(night.home, night.day, contents, fixed.texts(in_force) | api_clients.texts(clients))
    made = decisions.append(night.home.decisions, in_version(deployed, version))
    return {"published": version, "deployed": made, **_committed(night), **_forgotten(night)}


def _forgotten(night: Night) -> Summary:
    """Delete what is older than `retention_days`, here and in the warehouse, and take it off the shelf."""
    from ratchet import shelf
    from ratchet.warehouse import Warehouse

    over = retention.sweep(night.home, night.day, night.settings)
    if not over:
        return {}
    with Warehouse.open(night.home) as warehouse:
        warehouse.forget_nights(retention.Kept.of(night.home).events_from)
    shelf.forget(night.home, over)
    shelf.write(night.home, night.day)
    return {"forgotten_days": len(over), "events_from": retention.Kept.of(night.home).events_from.isoformat()}


def _deployments(night: Night) -> list[Decision]:
    """Return what tonight's publication deploys."""
    from ratchet.contracts.improvements import Improvement
    from ratchet.deploy import decisions
    from ratchet.deploy.deployments import Policy, deployments

    found = (night.result("improvements") or {"improvements": []})["improvements"]
    standings = decisions.fold(decisions.read(night.home.decisions, night.day), night.day)
    candidates = [Improvement.from_record(record) for record in found]
    return deployments(candidates, standings, Policy.of(night.settings), night.day)


def _settings_file(night: Night, recorded: Sequence[Decision], day: date) -> dict[str, Any]:
    """Return what the application reads of the settings that are in force on a day."""
    from ratchet.contracts.adaptive import Defaults, Setting
    from ratchet.deploy import tuning as deployed

    seen = {(Setting(t["setting"]), t["target"]): date.fromisoformat(t["last_seen"]) for t in _tuned(night)}
    return deployed.document(deployed.in_force(recorded, day), seen, Defaults.of(night.settings), night.day)


def _tuned(night: Night) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (night.result("tuning") or {"settings": []})["settings"]
    return found


def _committed(night: Night) -> Summary:
    """Bring the git repository of fixes, where there is one, to what is in force; a failure is recorded and told."""
    from ratchet.deploy import decisions, git_target

    repository, tomorrow = night.settings.fix_repository, night.day + timedelta(days=1)
    if repository is None:
        return {}
    recorded = decisions.read(night.home.decisions, tomorrow)
    wanted = git_target.wanted(recorded, tomorrow)
    pushed = git_target.push(night.home.fix_repository, repository, night.settings.fix_branch, *wanted)
    decisions.append(night.home.decisions, git_target.failed(pushed, tomorrow))
    return {"git": list(pushed.problems) or {"merged": len(pushed.merged), "branches": len(pushed.branches)}}
