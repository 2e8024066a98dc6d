--: result
new.status
