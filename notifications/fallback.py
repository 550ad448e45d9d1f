"""The letter of last resort: bare facts in both languages, without a template."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from notifications.letter import FindingFacts, Letter, OrderFacts, Rendered
from notifications.occasions import Occasion, Role
from notifications.plain import plain

_TITLES = {
    Occasion.VISIT_UPCOMING: "强保即将到期 / Mandatory maintenance upcoming",
    Occasion.VISIT_DUE: "强保到期 / Mandatory maintenance due",
    Occasion.VISIT_OVERDUE: "强保逾期 / Mandatory maintenance overdue",
    Occasion.VISIT_STILL_OVERDUE: "强保仍逾期 / Mandatory maintenance still overdue",
    Occasion.VISIT_LAPSED: "强保失效（漏保） / Mandatory maintenance missed",
    Occasion.VISIT_SCHEDULED: "强保已约定日期 / Mandatory maintenance agreed",
    Occasion.VISIT_CALLED_OFF: "强保约定已取消 / Mandatory maintenance called off",
    Occasion.SELF_SERVICE_UPCOMING: "自行保养即将到期 / Self-service maintenance upcoming",
    Occasion.SELF_SERVICE_DUE: "自行保养到期 / Self-service maintenance due",
    Occasion.STOCK_OPENED: "待销车月度保养 / Monthly stock upkeep",
    Occasion.STOCK_OVERDUE: "待销车保养逾期 / Stock upkeep overdue",
    Occasion.FREEZE_OPENED: "防冻 / Frost protection",
    Occasion.FREEZE_DUE: "防冻到期 / Frost protection due",
    Occasion.FREEZE_OVERDUE: "防冻逾期 / Frost protection overdue",
    Occasion.WEEKLY_DIGEST: "每周汇总 / Weekly digest",
    Occasion.COPY_1_NOT_SENT: "强保表第一联未寄出 / Copy 1 of the form not sent",
    Occasion.SILENT_MACHINE: "机器失联 / Silent machine",
    Occasion.METER_DECISION: "小时表待判定 / Meter needs a decision",
}


def fallback(letter: Letter, most_chars: int) -> Rendered:
    """A letter that says what must be said, however the templates fare; cut at `most_chars`."""
    title = _TITLES[letter.occasion]
    blocks = ["\n".join(_lines(letter, order)) for order in letter.orders]
    blocks += ["\n".join(_found(finding)) for finding in letter.findings]
    text = "\n\n".join([title, *blocks])[:most_chars] + "\n"
    html = f'<!DOCTYPE html><html><meta charset="utf-8"><body><pre>{escape(text)}</pre></body></html>\n'
    return Rendered(plain(f"{title}: {_machines(letter)}", 180), text, html)


def _machines(letter: Letter) -> str:
    numbers = [*(order.machine_id for order in letter.orders), *(finding.machine_id for finding in letter.findings)]
    return ", ".join(dict.fromkeys(numbers))


def _found(finding: FindingFacts) -> Iterator[str]:
    yield f"机号 / Machine: {plain(finding.machine_id)}"
    yield f"自 / Since: {finding.since}"
    yield f"用户 / Customer: {plain(finding.customer or '')} {plain(finding.customer_phone or '')}"


def _lines(letter: Letter, order: OrderFacts) -> Iterator[str]:
    for label, value in _facts(order):
        if value not in (None, ""):
            yield f"{label}: {plain(str(value))}"
    if letter.addressee.role is Role.SERVICE_CENTRE and not order.customer_reachable:
        yield "请致电用户 / Please call the customer"


def _facts(order: OrderFacts) -> Iterator[tuple[str, object]]:
    yield "机号 / Machine", order.machine_id
    yield "机型 / Model", order.model
    yield "保养 / Step", order.step
    yield "状态 / State", order.state
    yield "原因 / Why", " ".join(order.why)
    yield "约定日期 / Agreed for", order.scheduled_for
    yield "到期日 / Due", order.due_on
    yield "预计到期（估算） / Projected (estimate)", order.projected_due_on
    yield "逾期天数 / Days late", order.late_days
    yield "累计工作小时 / Total hours", order.total_hours
    yield "用户 / Customer", order.customer
    yield "用户电话 / Customer's phone", order.customer_phone
    yield "服务中心 / Service centre", order.service_centre_name or order.service_centre
    yield "服务中心电话 / Centre's phone", order.service_centre_phone
    yield "停放场 / Yard", order.yard
