"""Learning from any table with an outcome: no records, no database, only columns in and plain data out."""
