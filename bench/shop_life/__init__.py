"""The pieces of bench/shop_twice.py: the command, the place, what is planted, what is told."""
