"""Monthly assessment of online government services: check, build, audit, publish, explain."""
