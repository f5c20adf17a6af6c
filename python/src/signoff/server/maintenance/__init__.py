"""When things are done: expiry, time-outs, leases, dispatch, and the delivery of the outbox.

Operations decide *what* a change is; the loops here decide *when* it is time for it, and talk HTTP
to agents and subscribers. Everything here may run twice or be killed in between: the guards of
the operations make each change happen once.
"""
