"""Behind the HTTP API: its tokens, its answers, and what a call becomes."""
