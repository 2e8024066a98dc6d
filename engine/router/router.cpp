#include "engine/router/router.h"
