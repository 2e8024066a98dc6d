--: retry
pcall(event.retry_after, 5) return true
