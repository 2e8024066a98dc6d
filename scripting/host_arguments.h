#pragma once

namespace rowhook {

// How the engine asks its own executable to be a script host: argv[1], and the shared region as this
// descriptor.
inline constexpr const char* host_argument = "--rowhook-script-host";
inline constexpr int host_descriptor = 3;

}  // namespace rowhook
