"""Hands: one module per tool."""
