--: runtime
event.retry_after(9007199254740993)
