#include "engine/execution/scheduler.h"
