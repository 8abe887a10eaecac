"""What the customers wrote about: ordinary stories by topic, pairs of twins, and the special ones."""
