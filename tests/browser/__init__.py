"""Journeys in a real Chromium, at a phone's width unless a test says otherwise. The program runs as for its users:
pages by HTTP, letters by SMTP, the clock standing still until a test moves it."""
