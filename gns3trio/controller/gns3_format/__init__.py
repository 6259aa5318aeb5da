"""The ``.gns3`` format: what a project file holds, in every revision. Sans-IO."""
