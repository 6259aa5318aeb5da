"""What new nodes are made from and drawn with: templates, base configurations, symbols."""
