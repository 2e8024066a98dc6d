--: result
new.note
