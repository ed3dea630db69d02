"""What is done later and told outside: jobs, the outbox, webhooks and mail."""
