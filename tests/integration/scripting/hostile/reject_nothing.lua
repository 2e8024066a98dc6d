--: runtime
event.reject()
