"""The tables of who may come in, and of what they changed; instants are whole ms since 1970 (UTC)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from adapters.store.tables import SERIAL, metadata

_SECRET = String(64)
_ROLE = "role IN ('manager', 'service_centre', 'yard', 'auditor')"
_PLACE = "(role = 'service_centre') = (service_centre IS NOT NULL) AND (role = 'yard') = (yard IS NOT NULL)"

people = Table(
    "people",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("service_centre", String(64)),
    Column("yard", String(64)),
    Column("locale", String(16)),
    # a hash; NULL: invited, and no password set yet
    Column("password", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
    CheckConstraint(_ROLE, name="role_known"),
    CheckConstraint(_PLACE, name="role_has_place"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret", _SECRET, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Index("ix_sessions_person_id", "person_id"),
    Index("ix_sessions_ends_ms", "ends_ms"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("secret", _SECRET, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("service_centre", String(64)),
    Column("yard", String(64)),
    Column("read_only", Boolean, nullable=False, server_default=false()),
    Column("created_by", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    # NULL: it holds until it is revoked
    Column("ends_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    CheckConstraint(_ROLE, name="role_known"),
    CheckConstraint(_PLACE, name="role_has_place"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("secret", _SECRET, primary_key=True),
    # NULL: whoever holds it becomes the first manager
    Column("person_id", ForeignKey("people.id"), unique=True),
    Column("ends_ms", BigInteger, nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("who", String(128), primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)

secrets_kept = Table(
    "secrets_kept",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    Column("service_centre", String(64), primary_key=True),
    Column("secret", _SECRET, nullable=False, unique=True),
    Column("made_ms", BigInteger, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("who", String(80), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request", _SECRET, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Index("ix_answers_recorded_ms", "recorded_ms"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    # which person, token or link that was: names may be alike
    Column("identity", String(64)),
    Column("role", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("given", JSON(none_as_null=True)),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index("ix_audit_subject", "subject"),
)
