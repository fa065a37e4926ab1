"""What bench/greetings_years.py is made of: a world, its years, an oracle, a verdict."""
