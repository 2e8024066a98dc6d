#include "engine/store/store.h"
