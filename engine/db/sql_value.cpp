#include "engine/db/connection.h"
