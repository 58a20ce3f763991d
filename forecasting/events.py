"""What other systems may want to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GoalSet:
    """Somebody is to reach a number; `parent_id` is the goal that it is a part of."""

    goal_id: int
    parent_id: int | None


@dataclass(frozen=True)
class GoalChanged:
    """A goal was changed, or broken down anew."""

    goal_id: int
