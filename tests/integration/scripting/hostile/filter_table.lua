--: result
return {}
