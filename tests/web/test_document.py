"""The document of the API is true: whatever it allows is answered as it says, and its examples are valid calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from daemon.web.app import API
from tests.fuzz_api import fuzz, world
from tests.web.conftest import Served

Fields = dict[str, Any]
FILES = {"POST /machines/import", "POST /service-centres/import", "POST /yards/import", "POST /readings/import"}
"""Their bodies are files; what a good one is, tests/web/test_api.py shows."""


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_whatever_is_called_is_answered_as_the_document_says(tmp_path: Path, store: str) -> None:
    with world(tmp_path, store) as served:
        found = fuzz(served, examples=8, number=20261127)

    print(found)
    assert found.wrong == [], str(found)
    assert found.statuses[200] > 50, str(found)
    assert len(found.answers) > 50


def test_an_operation_that_fails_is_found_out(served: Served) -> None:
    served.app = FastAPI(openapi_url=f"{API}/openapi.json")

    @served.app.get(f"{API}/broken")
    def _broken(number: int) -> float:
        return 1 / (number - number)

    assert any("Server error" in each for each in fuzz(served, 20, 1).wrong)


def operations(document: Fields) -> Iterator[tuple[str, str, Fields]]:
    """Method, path and description of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def example_of(document: Fields, schema: Fields) -> Any:  # noqa: ANN401 - JSON
    """An example of a schema: its own, a value it allows, or one of its parts'."""
    given = [*schema.get("examples", ()), *schema.get("enum", ())]
    given += [schema[name] for name in ("const", "default") if name in schema]
    if given:
        return given[0]
    if "$ref" in schema:
        return example_of(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return example_of(document, schema["anyOf"][0])
    return example_of_parts(document, schema)


def example_of_parts(document: Fields, schema: Fields) -> Any:  # noqa: ANN401 - JSON
    """An example of a list, of an object's necessary parts and those with examples; else what is surely refused."""
    if schema.get("type") == "array":
        return [example_of(document, schema["items"])]
    parts, needed = schema.get("properties", {}), schema.get("required", ())
    if not parts:
        return {"no example of": schema}
    return {name: example_of(document, part) for name, part in parts.items() if name in needed or "examples" in part}


def called(served: Served, method: str, path: str, operation: Fields) -> Any:  # noqa: ANN401 - an answer
    """Call an operation by its examples."""
    document, address, query = served.app.openapi(), path, {}
    for each in operation.get("parameters", ()):
        if each["in"] == "path":
            address = address.replace(f"{{{each['name']}}}", str(example_of(document, each["schema"])))
        elif each["in"] == "query" and (each["required"] or "examples" in each["schema"]):
            query[each["name"]] = example_of(document, each["schema"])
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = None if content is None else example_of(document, content["schema"])
    return served.asked_by("manager").request(method, address, params=query, json=body)


def test_the_examples_are_valid_calls(served: Served) -> None:
    refused = []
    for method, path, operation in operations(served.app.openapi()):
        if f"{method} {path.removeprefix(API)}" in FILES:
            continue
        answer = called(served, method, path, operation)
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code == 422 and "errors" in answer.json():
            refused.append(f"{method} {path}: {answer.json()['detail']}")

    assert refused == []


@pytest.mark.parametrize("kind", ["components", "paths"])
def test_every_operation_is_described(served: Served, kind: str) -> None:
    document = served.app.openapi()
    assert document[kind]
    for method, path, operation in operations(document):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert "4XX" in operation["responses"], (method, path)
