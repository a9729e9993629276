"""Answers and their mathematics: pure functions over arrays, without database, web or clock."""
