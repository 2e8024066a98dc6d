--: runtime or refused
return (''):dump()
