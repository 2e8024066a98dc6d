--: result, transform
return array({1, nil, 3})
