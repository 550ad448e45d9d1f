"""What a form gets when it is signed: the visit's running number, and its service record's own (rules 6)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from adapters.store import visits
from adapters.store.machines import MachineRecord
from daemon.refused import RefusedError
from schedules.evidence import Form
from schedules.visit_number import VisitNumber
from schedules.work_order import Kind, OrderKey


def number_visit(
    connection: Connection, record: MachineRecord, key: OrderKey, done_on: date, now_ms: int
) -> VisitNumber | None:
    """The number of a mandatory visit that is done now; other work has none.

    A visit whose completion was taken back keeps its number, and gets it again.
    """
    if key.kind is not Kind.MANDATORY_VISIT:
        return None
    machine_id, centre = record.facts.machine_id, record.service_centre
    return visits.draw_number(connection, machine_id, key.step, centre, done_on.year, now_ms)


def keep_record_no(connection: Connection, record: MachineRecord, key: OrderKey, form: Form) -> None:
    """Note the number that the service record on paper has; RefusedError if another order of the centre has it.

    Without a service centre there is no book of records in which a number could be taken.
    """
    if form.service_record_no is None or record.service_centre is None:
        return
    machine_id, centre = record.facts.machine_id, record.service_centre
    other = visits.claim_record_no(connection, centre, form.service_record_no, machine_id, key)
    if other is not None:
        name = f"{other[0]}/{other[1].kind}/{other[1].step}"
        message = f"service_record_no: {form.service_record_no} of {centre} is already the record of {name}"
        raise RefusedError(message)
