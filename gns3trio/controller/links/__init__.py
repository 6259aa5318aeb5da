"""The links of a project: made and changed, captured, counted and measured."""
