#pragma once

#include <cstddef>

namespace rowhook {

// What a script host gives up before it reads its first script.

// Signals, identity, limits: unprivileged when started as root, no core dumps, no files, no processes, no new
// privileges, an end with the engine. `address_space`: bytes of memory it may map from then on. Throws
// PermanentError.
void give_up_privileges(int engine_pid, std::size_t address_space);

// The last step: from here on every system call but those that memory, waiting and time need ends the
// process. `jit`: memory may be made executable. For all threads. Not under the sanitizers, whose run-time
// calls more. Throws PermanentError.
void give_up_system_calls(bool jit);

}  // namespace rowhook
