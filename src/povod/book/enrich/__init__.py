"""Facts about companies by their INN: providers, a cache, limits (G118-G121)."""
