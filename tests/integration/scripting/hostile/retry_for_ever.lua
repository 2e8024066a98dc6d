--: runtime
event.retry_after(1e300)
