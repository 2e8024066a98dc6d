--: syntax
return [==[
