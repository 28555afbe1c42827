"""What the database gives becomes a dataclass of the same fields, or says that it does not fit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Row, create_engine, literal, select

from packshot.db import typed


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def row(**columns: int) -> Row[tuple[int, ...]]:
    with create_engine("sqlite://").connect() as connection:
        return connection.execute(select(*(literal(value).label(name) for name, value in columns.items()))).one()


def test_a_row_becomes_a_dataclass_by_the_names_of_its_columns() -> None:
    assert typed(Size, row(height=3, width=4)) == Size(width=4, height=3)


@pytest.mark.parametrize("columns", [{"width": 4}, {"width": 4, "height": 3, "depth": 2}])
def test_a_column_that_is_missing_or_one_too_many_is_an_error(columns: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        typed(Size, row(**columns))
