"""What the command line can do the API can do too, but for what belongs to whoever runs the machine."""

from __future__ import annotations

from daemon.commands.catalogue import COMMANDS
from daemon.lazy_group import Family

from .test_rights import MATRIX

OPERATORS = {
    "demo": "a show of its own",
    "run": "it is the daemon that serves the API",
    "replay": "on a scratch database, of files on this machine",
    "simulate": "it publishes to a broker",
    "sweep": "the daemon does it every day",
    "check-config": "of the configuration on this machine",
    "doctor": "it looks from outside, also when nothing answers",
    "db upgrade": "while the daemon is stopped",
    "db check": "of the database on this machine",
    "replicas list": "of the daemons themselves; the health page shows it, and the metrics",
    "replicas give-up": "of whoever runs the daemons",
    "backup": "to a file on this machine",
    "restore": "while the daemon is stopped",
    "centres feed": "it prints a secret address, which the operator hands to the centre",
    "influx status": "of a copy whose server only the configuration on this machine names",
    "influx rebuild": "the same; it makes the whole copy anew",
    "notices preview": "of the templates on this machine",
    "notices test": "of the channels in the configuration on this machine",
}
"""Commands without a route, and why."""
ROUTES = {
    "overdue": "GET /work-orders",
    "calls": "GET /calls",
    "work-orders list": "GET /work-orders",
    "work-orders show": "GET /work-orders/{order_id}",
    "work-orders form": "GET /work-orders/{order_id}/form",
    **{
        f"work-orders {what}": f"POST /work-orders/{{order_id}}/{what}"
        for what in ("acknowledge", "contact", "schedule", "complete", "cancel", "copy-sent")
    },
    "machines list": "GET /machines",
    "machines show": "GET /machines/{machine_id}",
    "machines import": "POST /machines/import",
    "machines stock-in": "POST /machines",
    **{f"machines {what}": f"POST /machines/{{machine_id}}/{what}" for what in ("transfer", "handover", "retire")},
    "machines correct": "POST /machines/{machine_id}/corrections",
    "centres list": "GET /service-centres",
    "centres import": "POST /service-centres/import",
    "yards list": "GET /yards",
    "yards import": "POST /yards/import",
    "meter change": "POST /machines/{machine_id}/meter-changes",
    "readings list": "GET /machines/{machine_id}/readings",
    "readings refused": "GET /refused-readings",
    "readings accept": "POST /refused-readings/{number}/accept",
    "readings void": "POST /refused-readings/{number}/void",
    "readings import": "POST /readings/import",
    "notices list": "GET /notices",
    "notices show": "GET /notices/{name}",
    "notices retry": "POST /notices/{name}/retry",
    "findings": "GET /findings",
    "forecast": "GET /forecast",
    "workload": "GET /workload",
    "compliance": "GET /compliance",
    "duties": "GET /duties",
    "plan show": "GET /plan",
    "winter list": "GET /winters",
    "winter override": "POST /winters/{region}/{season}/override",
    "winter withdraw": "POST /winters/{region}/{season}/withdraw",
    "users list": "GET /people",
    "users add": "POST /people",
    **{f"users {what}": f"POST /people/{{name}}/{what}" for what in ("invite", "disable", "enable")},
    "token list": "GET /tokens",
    "token create": "POST /tokens",
    "token revoke": "POST /tokens/{number}/revoke",
}


def commands() -> set[str]:
    found = set()
    for name, command in COMMANDS.items():
        found |= {f"{name} {each}" for each in command.members} if isinstance(command, Family) else {name}
    return found


def test_every_command_has_its_route_or_a_reason_why_not() -> None:
    assert commands() == set(ROUTES) | set(OPERATORS)
    assert set(ROUTES) & set(OPERATORS) == set()
    assert set(ROUTES.values()) <= set(MATRIX)
