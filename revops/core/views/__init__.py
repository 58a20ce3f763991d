"""Pages of the frame: the list base class, command menu, jobs, board answers, style guide."""
