"""Transitions from language models: tasks, clients, policies, a store, and the collector."""
