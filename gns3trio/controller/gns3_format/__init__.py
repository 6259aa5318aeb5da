"""The ``.gns3`` file format in all its revisions. Sans-IO."""
