"""All commands: where each is written, and the line that lists of commands show of it (design 5)."""

from __future__ import annotations

from daemon.lazy_group import Family, Lazy

_AT = "daemon.commands"

COMMANDS: dict[str, Lazy | Family] = {
    "demo": Lazy(f"{_AT}.demo:demo", "Play a made-up fleet's past year, then go on live with it."),
    "overdue": Lazy(f"{_AT}.overdue:overdue", "What is overdue, worst first."),
    "calls": Lazy(f"{_AT}.calls:calls", "Whom a service centre telephones today, and what to say."),
    "run": Lazy(f"{_AT}.run:run", "Receive readings, watch the calendar, tell the people who must act."),
    "replay": Lazy(f"{_AT}.replay:replay", "Run a timeline on a scratch database and print what came of it."),
    "simulate": Lazy(f"{_AT}.simulate:simulate", "Publish the readings of a made-up fleet to the broker."),
    "sweep": Lazy(f"{_AT}.sweeping:sweep", "Run the calendar's duties once now, or see what another day would change."),
    "work-orders": Family(
        "Work orders: what is to be done, and reporting that it was.",
        {
            "list": Lazy(f"{_AT}.orders:list_orders", "List work orders, by machine."),
            "show": Lazy(f"{_AT}.orders:show_order", "Show a work order: where it stands, why, and what happened."),
            "acknowledge": Lazy(f"{_AT}.order_changes:acknowledge", "Somebody has taken notice."),
            "contact": Lazy(f"{_AT}.order_changes:contact", "The centre has spoken with the user."),
            "schedule": Lazy(f"{_AT}.order_changes:schedule", "A day is agreed with the user."),
            "complete": Lazy(f"{_AT}.completing:complete_order", "Hand in the form of an order that was done."),
            "cancel": Lazy(f"{_AT}.order_changes:cancel", "End an open order for good, with a reason."),
            "form": Lazy(f"{_AT}.printing:form", "Write an order's form, or a yard's sheets of a month, as a PDF."),
            "copy-sent": Lazy(f"{_AT}.order_changes:copy_sent", "Copy 1 of the form went to the maker."),
        },
    ),
    "machines": Family(
        "Machines: stock, hand-over, retirement, corrections.",
        {
            "list": Lazy(f"{_AT}.fleet:list_machines", "List machines, by number."),
            "show": Lazy(f"{_AT}.fleet:show_machine", "Show a machine: facts, meter, work orders and its story."),
            "import": Lazy(f"{_AT}.imports:import_machines", "Register the machines of a file."),
            "stock-in": Lazy(f"{_AT}.machine_changes:stock_in", "Register an unsold machine."),
            "transfer": Lazy(f"{_AT}.machine_changes:transfer", "Move a machine in stock to another yard."),
            "handover": Lazy(f"{_AT}.machine_changes:handover", "Hand a machine to its user."),
            "retire": Lazy(f"{_AT}.machine_changes:retire", "End a machine's life."),
            "correct": Lazy(f"{_AT}.corrections:correct", "Replace wrong facts; its orders are computed anew."),
        },
    ),
    "centres": Family(
        "Service centres.",
        {
            "list": Lazy(f"{_AT}.fleet:list_centres", "List the service centres, by code."),
            "import": Lazy(f"{_AT}.imports:import_centres", "Add or update those of a file."),
            "feed": Lazy(f"{_AT}.feeds:feed", "Give a centre the address of its calendar, for telephones and Outlook."),
        },
    ),
    "yards": Family(
        "Yards.",
        {
            "list": Lazy(f"{_AT}.fleet:list_yards", "List the yards, by code."),
            "import": Lazy(f"{_AT}.imports:import_yards", "Add or update those of a file."),
        },
    ),
    "meter": Family("Hour meters.", {"change": Lazy(f"{_AT}.meter:change", "Record a replaced hour meter.")}),
    "readings": Family(
        "Readings of hour meters, and what is decided on them.",
        {
            "list": Lazy(f"{_AT}.records:list_readings", "List readings with their verdicts, the newest first."),
            "refused": Lazy(
                f"{_AT}.records:list_refused", "List the readings that were not believed, with the reason."
            ),
            "accept": Lazy(f"{_AT}.reading_decisions:accept", "Accept a refused reading as real."),
            "void": Lazy(f"{_AT}.reading_decisions:void", "Declare a reading void."),
            "import": Lazy(f"{_AT}.imports:import_readings", "Judge the readings of a file."),
        },
    ),
    "notices": Family(
        "Notices: who is told what, and what became of it.",
        {
            "list": Lazy(f"{_AT}.records:list_notices", "List notices and what became of them, the newest first."),
            "show": Lazy(f"{_AT}.notices:show_notice", "Show a notice: who is told what, and what became of it."),
            "preview": Lazy(f"{_AT}.notices:preview", "Print a letter about made-up machines."),
            "retry": Lazy(f"{_AT}.notices:retry", "Send a letter that failed for good once more."),
            "test": Lazy(f"{_AT}.notices:test_letter", "Send a test letter by one channel."),
        },
    ),
    "findings": Lazy(f"{_AT}.findings:findings", "What is wrong with the fleet's data, and what to do, oldest first."),
    "forecast": Lazy(f"{_AT}.forecast:forecast", "What will probably be due, by date."),
    "workload": Lazy(f"{_AT}.workload:workload", "Visits expected per service centre and week, and their materials."),
    "compliance": Lazy(f"{_AT}.compliance:compliance", "How well the work was done in its time."),
    "replicas": Family(
        "Replicas: the slots of a group of daemons.",
        {
            "list": Lazy(f"{_AT}.replicas:list_replicas", "List the slots, and which replica stays away."),
            "give-up": Lazy(f"{_AT}.replicas:give_up", "Forget a slot whose replica is not to come back."),
        },
    ),
    "duties": Lazy(f"{_AT}.duties:duties", "How the calendar's duties stand: done, late or failing."),
    "plan": Family(
        "The plan: what is due when.",
        {"show": Lazy(f"{_AT}.plan:show_plan", "Show the plan in force, with every default filled in.")},
    ),
    "winter": Family(
        "Winters: when the frost is expected, and what somebody decides of it.",
        {
            "list": Lazy(f"{_AT}.winter:list_winters", "List the winter of every region."),
            "override": Lazy(f"{_AT}.winter:override", "Set other dates for one season of one region."),
            "withdraw": Lazy(f"{_AT}.winter:withdraw", "Take an override back."),
        },
    ),
    "users": Family(
        "People who log in to the page.",
        {
            "list": Lazy(f"{_AT}.users:list_users", "List everybody who may log in, by name."),
            "add": Lazy(f"{_AT}.users:add", "Let somebody in, by a link for setting a password."),
            "invite": Lazy(f"{_AT}.users:invite", "Another link, for somebody who forgot the password."),
            "disable": Lazy(f"{_AT}.users:disable", "Let somebody in no more, from now on."),
            "enable": Lazy(f"{_AT}.users:enable", "Let somebody in again."),
        },
    ),
    "token": Family(
        "Tokens of programs that call the API.",
        {
            "list": Lazy(f"{_AT}.users:list_tokens", "List all tokens, without their secrets."),
            "create": Lazy(f"{_AT}.users:create", "Make a token for a program that calls the API."),
            "revoke": Lazy(f"{_AT}.users:revoke", "End a token at once."),
        },
    ),
    "check-config": Lazy(
        f"{_AT}.health:check_config", "Check the configuration, the plan, the winters and the letters."
    ),
    "doctor": Lazy(f"{_AT}.health:doctor", "Try every connection, and say what is wrong and what to do."),
    "db": Family(
        "The database: its schema and its soundness.",
        {
            "upgrade": Lazy(f"{_AT}.db:upgrade", "Create the tables, or bring them up to this version."),
            "check": Lazy(f"{_AT}.db:check", "Check the schema's version and the soundness of the database."),
        },
    ),
    "backup": Lazy(f"{_AT}.backups:backup", "Write all of the store to a file, while the daemon runs."),
    "restore": Lazy(f"{_AT}.backups:restore", "Put what a backup holds into the store."),
    "influx": Family(
        "The copy of the readings in InfluxDB.",
        {
            "status": Lazy(f"{_AT}.influx:status", "How the copy stands: what waits, what is parked, what went wrong."),
            "rebuild": Lazy(f"{_AT}.influx:rebuild", "Copy all believed readings again."),
        },
    ),
}
