"""What a user takes away: tables, pictures, notebooks."""
