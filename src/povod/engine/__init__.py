"""Background work: the ledger, who runs it, when, how fast, and what is seen of it.

`ledger` is the only truth about work; `runner` executes it in this process; `dispatch` rings the
doorbell of other processes; `schedules` puts work in on time; `quotas` keeps everyone together
under the limits of a service; `events` carries progress to the pages and the command line.
"""
