--: runtime
event.retry_after(0 / 0)
