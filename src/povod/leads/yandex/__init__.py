"""The client of the Yandex Search API v2 in deferred mode, over plain HTTP.

Import names from the modules: `client` (calls), `auth` (tokens), `protocol` (what is sent and
read), `errors` (how a call can end). The wire contract is the spec page yandex-search-api.
"""
