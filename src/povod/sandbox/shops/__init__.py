"""Shops of the sandbox: virtual hosts with products that a crawler watches (S148).

A shop is a few numbers; its pages, maps and truth are made when they are asked for, so a shop of
ten thousand pages costs no more memory than one of ten. Hosts are served on the ports of the
company sites, over http (301 to https) and https.

`goods` and `model` say what is sold, `layouts/` how an engine shows it, `chrome` what all pages
share, `maps` and `odd_maps` the sitemaps, `changes` what was planted since, `truth` what a good
reader finds, `faults` what goes wrong on purpose, `service` answers requests and keeps the log,
`control` is `/sandbox/shops/*`.
"""

from povod.sandbox.shops.service import Shops

__all__ = ["Shops"]
