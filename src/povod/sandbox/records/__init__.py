"""Registers and files that greetings ask: DaData, the public company register, a CRM."""
