"""What is read of processes is a server's own and its launcher's, whatever they are called."""

from __future__ import annotations

from benchmarks.processes import parse_stat, tree


def test_a_name_with_spaces_and_parentheses_is_no_obstacle() -> None:
    line = "4242 (npm exec (x) y) S 17 4242 4242 0 -1 4194304 100 200 0 0 30 10 200 100 20 0 1 0 555 1000 2000"
    stat = parse_stat(line)
    assert stat.parent == 17
    assert stat.ended_children > 0


def test_a_tree_is_all_that_descends_from_its_root() -> None:
    parents = {1: 0, 10: 1, 11: 10, 12: 11, 13: 10, 20: 1}
    assert sorted(tree(10, parents)) == [10, 11, 12, 13]
