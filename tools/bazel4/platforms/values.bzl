"""Declares a constraint setting with its values."""

def constraint(name, values, aliases = {}):
    """A constraint setting, one constraint value for each name, and second names.

    Args:
      name: of the setting.
      values: the names of its values.
      aliases: second name -> name of a value.
    """
    native.constraint_setting(
        name = name,
        visibility = ["//visibility:public"],
    )
    for value in values:
        native.constraint_value(
            name = value,
            constraint_setting = ":" + name,
            visibility = ["//visibility:public"],
        )
    for alias, value in aliases.items():
        native.alias(
            name = alias,
            actual = ":" + value,
            visibility = ["//visibility:public"],
        )
