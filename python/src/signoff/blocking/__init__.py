"""The blocking twin of the client: `Client`, for programs without coroutines.

Everything here is generated from the modules of the same names one level up.
"""
