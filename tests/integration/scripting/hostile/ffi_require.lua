--: runtime or refused
return require('ffi')
