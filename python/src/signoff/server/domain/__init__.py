"""What is true of executions, approval requests, agents and events: pure rules, no I/O."""
