--: refused
return package.loaded.os
