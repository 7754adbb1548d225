"""The shop's data: its model, its engine, its readers."""
