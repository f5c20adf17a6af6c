"""The product as its users meet it: real processes, real sockets, kills by SIGKILL."""
