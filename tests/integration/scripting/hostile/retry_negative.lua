--: runtime
event.retry_after(-1)
