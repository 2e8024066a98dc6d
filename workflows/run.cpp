#include "workflows/run.h"
