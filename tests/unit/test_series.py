"""Reports are read as far as they can be understood, and what can't be is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.series import Mean, mean_of, read_series, sum_of

REFERENCE: JsonObject = {
    "lookups": {
        "customerId": {"9YQjOSTFXeOPF8xNURFd": "Customer 1", "AWEpBY0uqxfp73HaTVS4": "Customer 2"},
        "sourceTypes": [],
    },
    "dates": ["2022-11-28", "2022-12-05", "2022-12-12"],
    "data": {
        "9YQjOSTFXeOPF8xNURFd": {"slack": {"2022-11-28": 19, "2022-12-12": 70}, "widget": {"2022-11-28": 6}},
        "AWEpBY0uqxfp73HaTVS4": {"email": {"2022-12-31": 1}},
    },
}
"""The reference's example, shortened; the 31st stands in none of its weeks there, too."""


def test_the_references_example_is_read_whole() -> None:
    series = read_series(REFERENCE, ["customerId", "sourceType"])
    assert [(row.keys, row.values) for row in series.rows] == [
        (("9YQjOSTFXeOPF8xNURFd", "slack"), {"2022-11-28": 19, "2022-12-12": 70}),
        (("9YQjOSTFXeOPF8xNURFd", "widget"), {"2022-11-28": 6}),
        (("AWEpBY0uqxfp73HaTVS4", "email"), {"2022-12-31": 1}),
    ]
    assert series.names == [{"9YQjOSTFXeOPF8xNURFd": "Customer 1", "AWEpBY0uqxfp73HaTVS4": "Customer 2"}, {}]
    assert series.keys(1) == ["slack", "widget", "email"]
    assert series.dates == ["2022-11-28", "2022-12-05", "2022-12-12"]
    assert series.dated == {"2022-11-28", "2022-12-12", "2022-12-31"}
    assert series.strays == ["2022-12-31"]
    assert series.unread == []
    assert series.per_date() == {"2022-11-28": 25, "2022-12-12": 70, "2022-12-31": 1}
    assert sum_of(series.rows) == 96
    assert mean_of(series.rows, {}) == Mean(24, "unweighted", 4)
    assert sum_of(series.rows[:1]) == 89
    assert mean_of(series.rows[:1], {}) == Mean(44.5, "unweighted", 2)


def test_means_are_weighed_by_the_counts_in_the_same_places() -> None:
    means = read_series({"data": {"a": {"d1": 10, "d2": 40}, "b": {"d1": 100}}}, ["tagId"])
    counts = read_series({"data": {"a": {"d1": 3, "d2": 1, "d3": 9}, "b": {"d1": 2}}}, ["tagId"]).by_place()
    assert mean_of(means.rows, counts) == Mean(45, "weighed", 3)
    assert mean_of(means.rows[:1], counts) == Mean(17.5, "weighed", 2)
    assert mean_of(means.rows[1:], {}) == Mean(100, "exact", 1)
    for lacking in ({(("a",), "d1"): 3.0}, {**counts, (("b",), "d1"): 0.0}):
        assert mean_of(means.rows, lacking) == Mean(50, "unweighted", 3)


def test_without_dimensions_the_data_is_by_date() -> None:
    series = read_series({"dates": ["2022-11-28"], "data": {"2022-11-28": 2.5}}, [])
    assert [(row.keys, row.values) for row in series.rows] == [((), {"2022-11-28": 2.5})]


def test_without_data_there_is_no_number() -> None:
    nothing: list[JsonValue] = [None, {}, []]
    for data in nothing:
        series = read_series({"dates": ["2022-11-28"], "data": data}, [])
        assert (series.rows, series.unread, sum_of(series.rows), mean_of(series.rows, {})) == ([], [], None, None)


def test_without_dates_those_of_the_data_stand_in() -> None:
    series = read_series({"data": {"2022-12-05": 2, "2022-11-28": 1}}, [])
    assert series.dates == ["2022-11-28", "2022-12-05"]
    assert series.strays == []


def test_what_is_no_number_is_named_and_left_out() -> None:
    data: JsonValue = {
        "a": {"slack": {"d1": "7", "d2": None, "d3": True, "d4": 10**400, "d5": 5}, "email": 3},
        "b": [1],
    }
    series = read_series({"dates": ["d5"], "data": data}, ["customerId", "sourceType"])
    assert [(row.keys, row.values) for row in series.rows] == [(("a", "slack"), {"d5": 5})]
    assert series.unread == ["a/slack/d1", "a/slack/d2", "a/slack/d3", "a/slack/d4", "a/email", "b"]
    assert read_series({"data": "none"}, []).unread == ["data"]


def test_names_are_a_help_and_never_relied_on() -> None:
    nameless: list[JsonValue] = [None, [], {"customerId": []}, {"customerId": {"a": None}}, {"customerId": {"a": ""}}]
    for lookups in nameless:
        series = read_series({"lookups": lookups, "data": {"a": {"d": 1}}}, ["customerId"])
        assert series.rows[0].keys == ("a",)
        assert series.names == [{}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "d1"]), inner, max_size=3),
    max_leaves=15,
)


@given(JSON, JSON, JSON, st.lists(st.sampled_from(["customerId", "tagId"]), max_size=2))
def test_no_shape_from_upstream_breaks_a_report(
    data: JsonValue, dates: JsonValue, lookups: JsonValue, by: list[str]
) -> None:
    series = read_series({"data": data, "dates": dates, "lookups": lookups}, by)
    sum_of(series.rows)
    mean_of(series.rows, series.by_place())
    assert all(len(row.keys) == len(by) for row in series.rows)
